"""The fluent interface: what a training script calls, about the run that is going on."""
