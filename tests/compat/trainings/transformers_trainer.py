"""A very small language model trained by Transformers' ``Trainer``, with its ``MLflowCallback``."""

from __future__ import annotations

import os
import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

NAME = sys.argv[1]
TOKENS, LENGTH = 32, 8


def main() -> None:
    os.environ |= {"MLFLOW_EXPERIMENT_NAME": NAME, "MLFLOW_TAGS": '{"team": "text"}'}
    set_seed(7)
    texts = [{"input_ids": row, "labels": row} for row in torch.randint(0, TOKENS, (32, LENGTH))]
    arguments = TrainingArguments(
        "output",
        run_name="tiny",
        max_steps=6,
        per_device_train_batch_size=4,
        logging_steps=2,
        eval_strategy="steps",
        eval_steps=3,
        save_strategy="no",
        report_to=["mlflow"],
        use_cpu=True,
        disable_tqdm=True,
    )
    model = GPT2LMHeadModel(GPT2Config(vocab_size=TOKENS, n_positions=LENGTH, n_embd=16, n_layer=1, n_head=2))
    Trainer(model, arguments, train_dataset=texts, eval_dataset=texts[:8]).train()


if __name__ == "__main__":
    main()
