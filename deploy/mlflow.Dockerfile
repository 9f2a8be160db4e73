# MLflow as requirements.txt has it, with what speaks to PostgreSQL and S3 as requirements-team.txt has it.
FROM ghcr.io/mlflow/mlflow:v3.17.2
RUN pip install --no-cache-dir psycopg2-binary==2.9.13 boto3==1.43.117
