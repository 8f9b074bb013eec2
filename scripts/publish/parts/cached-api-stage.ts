import { cachedApiStagePart } from "../../../stacks/contract/parts";
import { joinLines, type PartPages } from "../module-readme";
import { formatRefusal, formatRun } from "../module-tests";

const SUMMARY = joinLines(`A stage over a REST API of yours: throttled on every method, with an access log, and
a cache for one method. For an API that is polled: the polls are answered from the cache for a few seconds, and
the function behind sees a few of them.
`);

const NOTES = joinLines(`**The cache's key is the API's own, not the stage's.** Of the method that is cached,
every parameter that decides the answer must be named in the integration's \`cacheKeyParameters\`, the path's
too; else all callers are shown the first one's answer. The caller belongs into the key where callers may not
see each other's answers. \`examples/basic\` shows a key.

**The account's logging role.** API Gateway refuses a stage that logs while the account has no role to log by,
in this region (\`aws_api_gateway_account\`).

**Prompts stay out of the logs.** The access log names route, status and times; it holds no path, header, body
or query. Execution logs are errors only, without data.

**Off and on again.** \`cache_enabled = false\` takes the cache away in seconds. \`cache_cluster_enabled =
false\`, too, ends the cluster and its price; AWS takes about four minutes.

**Nobody empties the cache.** \`Cache-Control: max-age=0\` needs \`execute-api:InvalidateCache\`; from others
it is ignored.
`);

const EXAMPLE = `provider "aws" {
  region = "us-east-1"
}

locals {
  # A placeholder that answers by itself. Put your integration here, and keep the cache's key.
  body = {
    openapi = "3.0.1"
    info    = { title = "jobs", version = "1" }
    paths = {
      "/status/{request_id}" = {
        get = {
          parameters = [{ name = "request_id", in = "path", required = true, schema = { type = "string" } }]
          responses  = { "200" = { description = "The job's status." } }
          x-amazon-apigateway-integration = {
            type               = "mock"
            requestTemplates   = { "application/json" = "{\\"statusCode\\": 200}" }
            requestParameters  = { "integration.request.path.request_id" = "method.request.path.request_id" }
            cacheKeyParameters = ["method.request.path.request_id"]
            responses          = { default = { statusCode = "200" } }
          }
        }
      }
    }
  }
}

resource "aws_api_gateway_rest_api" "jobs" {
  name = "jobs"
  body = jsonencode(local.body)
}

resource "aws_api_gateway_deployment" "jobs" {
  rest_api_id = aws_api_gateway_rest_api.jobs.id
  triggers    = { redeployment = sha1(jsonencode(local.body)) }

  lifecycle {
    create_before_destroy = true
  }
}

module "cached_api_stage" {
  source = "../.."

  rest_api_id          = aws_api_gateway_rest_api.jobs.id
  deployment_id        = aws_api_gateway_deployment.jobs.id
  cached_resource_path = "/status/{request_id}"
  cache_ttl_in_seconds = 5
}

output "invoke_url" {
  description = "URL that callers use, without the route."
  value       = module.cached_api_stage.invoke_url
}
`;

const GIVEN = `mock_provider "aws" {}

variables {
  rest_api_id          = "a1b2c3d4e5"
  deployment_id        = "f6g7h8"
  cached_resource_path = "/status/{request_id}"
}
`;

const CACHED = "aws_api_gateway_method_settings.cached_status_method";
const STAGE = "aws_api_gateway_stage.cached_stage";

/** README, example and tests of the module \`cached-api-stage\`. */
export const cachedApiStagePages: PartPages = {
  part: cachedApiStagePart,
  summary: SUMMARY,
  notes: NOTES,
  example: EXAMPLE,
  given: GIVEN,
  runs: [
    formatRun("one_method_is_cached", {
      asserts: {
        "Another method is cached.": `${CACHED}.method_path == "~1status~1{request_id}/GET"`,
        "The method is not cached.": `${CACHED}.settings[0].caching_enabled`,
        "The cached answers are not encrypted.": `${CACHED}.settings[0].cache_data_encrypted`,
        "Anyone may empty the cache.": `${CACHED}.settings[0].require_authorization_for_cache_control`,
        "Every method is cached.": "!aws_api_gateway_method_settings.cached_every_method.settings[0].caching_enabled",
        "There is no cluster of 0.5 GB.": `${STAGE}.cache_cluster_enabled && ${STAGE}.cache_cluster_size == "0.5"`,
        "The access log has another name.":
          'aws_cloudwatch_log_group.cached_access_log.name == "/aws/apigateway/a1b2c3d4e5/live/access"',
      },
    }),
    formatRun("the_cache_is_off_and_the_cluster_stays", {
      variables: { cache_enabled: false },
      asserts: {
        "The cache is on.": `!${CACHED}.settings[0].caching_enabled`,
        "Its cluster is gone.": `${STAGE}.cache_cluster_enabled`,
      },
    }),
    formatRun("the_cluster_is_gone", {
      variables: { cache_cluster_enabled: false, cache_enabled: false },
      asserts: { "There is a cluster.": `!${STAGE}.cache_cluster_enabled` },
    }),
    formatRun("throttled_and_logged_as_asked", {
      variables: { access_log_group_name: "jobs/access", throttling_burst_limit: 20, throttling_rate_limit: 10.5 },
      asserts: {
        "The methods have other limits.":
          `${CACHED}.settings[0].throttling_rate_limit == 10.5 && ` +
          "aws_api_gateway_method_settings.cached_every_method.settings[0].throttling_burst_limit == 20",
        "The access log has another name.": 'aws_cloudwatch_log_group.cached_access_log.name == "jobs/access"',
      },
    }),
  ],
  refusals: [
    formatRefusal("a_cache_without_a_cluster", { cache_cluster_enabled: false }, "var.cache_cluster_enabled"),
    formatRefusal("a_method_that_changes_something", { cached_http_method: "POST" }, "var.cached_http_method"),
    formatRefusal("tags_that_belong_to_aws", { tags: { "aws:owner": "me" } }, "var.tags"),
  ],
};
