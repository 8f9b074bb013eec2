import { readApplied } from "../../../../scripts/local/applied/applied";
import { folder, functionArn, lambda, resource, restApi, state } from "../fixtures";

test("one state gives the whole model, and filter criteria are warned of", () => {
  const warnings: string[] = [];
  const mapping = {
    uuid: "u",
    event_source_arn: "arn:q",
    function_name: functionArn("api"),
    filter_criteria: [{ filter: [] }],
  };
  const applied = readApplied(
    state(
      restApi({ paths: {} }),
      lambda(folder(), { code: "" }),
      resource("aws_lambda_event_source_mapping", "m", mapping),
    ),
    (text) => warnings.push(text),
  );
  expect(Object.values(applied).map((part) => (Array.isArray(part) ? part.length : 1))).toEqual([
    1, 1, 0, 0, 1, 1, 0, 0, 1, 0,
  ]);
  expect(warnings).toEqual([
    "aws_lambda_event_source_mapping.m: filter_criteria is not emulated; every message is given to the function.",
  ]);
});
