"""A linear model fitted by Lightning, with its ``MLFlowLogger``, which keeps the checkpoints as artifacts, too."""

from __future__ import annotations

import os
import sys
import warnings

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import MLFlowLogger
from torch.utils.data import DataLoader, TensorDataset

NAME = sys.argv[1]


class Line(LightningModule):
    """Finds a line through points."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(1, 1)

    def _loss(self, batch: list[torch.Tensor]) -> torch.Tensor:
        x, y = batch
        return torch.nn.functional.mse_loss(self.layer(x), y)

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        loss = self._loss(batch)
        self.log("loss", loss)
        return loss

    def validation_step(self, batch: list[torch.Tensor], index: int) -> None:
        self.log("validation_loss", self._loss(batch))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.hparams["rate"])


def main() -> None:
    warnings.filterwarnings("ignore")
    seed_everything(7, verbose=False)
    x = torch.linspace(-1, 1, 32).reshape(-1, 1)
    points = DataLoader(TensorDataset(x, 3 * x + 1), batch_size=8)
    logger = MLFlowLogger(
        experiment_name=NAME,
        run_name="fit",
        tracking_uri=os.environ["MLFLOW_TRACKING_URI"],
        tags={"team": "vision"},
        log_model="all",
    )
    Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=logger,
        log_every_n_steps=1,
        callbacks=[ModelCheckpoint(dirpath="checkpoints", filename="{epoch}", save_top_k=1, monitor="validation_loss")],
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(Line(0.1), points, points)


if __name__ == "__main__":
    main()
