"""The GraphQL texts of `launch`: what is asked of Dagster's web server, and nothing else."""

LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on Error { message }
  }
}"""

STATUS = """
query Status($run: ID!) {
  runOrError(runId: $run) { __typename ... on Run { status } ... on Error { message } }
}"""

EVENTS = """
query Events($run: ID!, $cursor: String) {
  logsForRun(runId: $run, afterCursor: $cursor, limit: 500) {
    __typename
    ... on Error { message }
    ... on EventConnection {
      cursor
      hasMore
      events {
        __typename
        ... on MessageEvent { message level eventType }
        ... on MaterializationEvent {
          assetKey { path }
          partition
          metadataEntries { label ... on IntMetadataEntry { intValue } }
        }
        ... on AssetCheckEvaluationEvent { evaluation { checkName success severity assetKey { path } } }
        ... on ExecutionStepFailureEvent {
          error { message causes { message } }
          failureMetadata { description }
        }
        ... on RunFailureEvent { error { message causes { message } } }
      }
    }
  }
}"""

LOCATIONS = """
query Locations {
  workspaceOrError {
    __typename
    ... on Workspace { locationEntries { name locationOrLoadError { __typename } } }
    ... on Error { message }
  }
}"""

LOAD_AGAIN = """
mutation LoadAgain($location: String!) {
  reloadRepositoryLocation(repositoryLocationName: $location) { __typename ... on Error { message } }
}"""

RUNS_UNDER_WAY = """
query RunsUnderWay {
  runsOrError(filter: {statuses: [STARTING, STARTED, CANCELING]}) {
    __typename
    ... on Runs { results { runId jobName } }
    ... on Error { message }
  }
}"""

CANCEL = """
mutation Cancel($run: String!) {
  terminateRun(runId: $run, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) {
    __typename
    ... on Error { message }
  }
}"""
