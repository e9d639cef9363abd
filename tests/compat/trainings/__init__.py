"""Small trainings with the callbacks of other libraries, which import ``mlflow`` themselves."""
