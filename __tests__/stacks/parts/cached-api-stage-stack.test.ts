import { cachedApiStagePart } from "../../../stacks/settings/parts";
import { goldenPart, partStack } from "../../support/part-stacks";
import { resource } from "../../support/stack-json";

const stack = partStack("cached-api-stage");

test("the stack is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest cached-api-stage-stack", () => {
  expect(stack).toEqual(goldenPart("cached-api-stage", stack));
});

test("its variables are the part's settings, its outputs the part's", () => {
  expect(Object.keys(stack.variable).sort()).toEqual(cachedApiStagePart.settings.map(({ name }) => name).sort());
  expect(Object.fromEntries(Object.entries(stack.output).map(([name, { description }]) => [name, description]))).toEqual(cachedApiStagePart.outputs);
});

test("one method is cached, encrypted, and emptied by nobody; every other is not cached", () => {
  expect(resource(stack, "aws_api_gateway_method_settings.cached_status_method")).toMatchObject({
    method_path: '${replace(var.cached_resource_path, "/", "~1")}/${var.cached_http_method}',
    settings: { caching_enabled: "${var.cache_enabled}", cache_data_encrypted: true, require_authorization_for_cache_control: true, data_trace_enabled: false },
  });
  expect(resource(stack, "aws_api_gateway_method_settings.cached_every_method")).toMatchObject({ method_path: "*/*", settings: { caching_enabled: false, data_trace_enabled: false } });
});

test("a cluster has a size only while it is there", () => {
  expect(resource(stack, "aws_api_gateway_stage.cached_stage")).toMatchObject({ cache_cluster_enabled: "${var.cache_cluster_enabled}", cache_cluster_size: "${var.cache_cluster_enabled ? var.cache_cluster_size : null}" });
});
