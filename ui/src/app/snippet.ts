import { ROOT } from "./places";

/** A program that logs a run here. */
export function snippet(experiment: string): string {
  const address = `${location.origin}${ROOT}`;
  return [
    "import mlflow",
    "",
    `mlflow.set_tracking_uri(${JSON.stringify(address)})`,
    ...(experiment ? [`mlflow.set_experiment(${JSON.stringify(experiment)})`] : []),
    "with mlflow.start_run():",
    '    mlflow.log_param("model", "base")',
    "    for step in range(100):",
    '        mlflow.log_metric("loss", 1 / (step + 1), step=step)',
  ].join("\n");
}
