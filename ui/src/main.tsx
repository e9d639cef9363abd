import "./styles.css";

import { render } from "preact";
import { ErrorBoundary, lazy, LocationProvider, Route, Router } from "preact-iso";

import { cache } from "./api/query";
import { listen } from "./app/keys";
import { ofOldLink, place, ROOT } from "./app/places";
import { Shell } from "./app/shell";
import { followSystem } from "./app/theme";
import { firstQuestions } from "./state/first";

// MLflow's client prints addresses of this form; they are changed before anything is drawn.
const moved = ofOldLink(location.hash);
if (moved !== null) history.replaceState(null, "", moved);

// The questions go out now, while the code of the page that shows the answers is still on its way.
for (const question of firstQuestions(location)) void cache.prefetchQuery(question);

const Home = lazy(() => import("./pages/home/home"));
const Experiments = lazy(() => import("./pages/experiments/experiments"));
const Runs = lazy(() => import("./pages/runs/runs"));
const Run = lazy(() => import("./pages/run/run"));
const Artifacts = lazy(() => import("./pages/artifacts/artifacts"));
const Compare = lazy(() => import("./pages/compare/compare"));

function App() {
  return (
    <LocationProvider>
      <Shell>
        <ErrorBoundary>
          <Router>
            <Route path={place.home()} component={Home} />
            <Route path={place.experiments()} component={Experiments} />
            <Route path={`${ROOT}/experiments/:id`} component={Runs} />
            <Route path={`${ROOT}/runs/:id`} component={Run} />
            <Route path={`${ROOT}/runs/:id/artifacts`} component={Artifacts} />
            <Route path={`${ROOT}/compare`} component={Compare} />
          </Router>
        </ErrorBoundary>
      </Shell>
    </LocationProvider>
  );
}

listen();
followSystem();
const app = document.getElementById("app");
if (app) render(<App />, app);
