import { appliedState } from "../../../scripts/judges/applied-state";

const state = (enabled: boolean) => ({
  values: {
    root_module: {
      resources: [{ address: "aws_lambda_event_source_mapping.m", type: "aws_lambda_event_source_mapping", values: { enabled, batch_size: 1 } }],
      child_modules: [{ resources: [{ address: "module.x.aws_sqs_queue.q", type: "aws_sqs_queue", values: { enabled } }] }],
    },
  },
});
const plan = (enabled: boolean) => ({
  planned_values: { root_module: { resources: [{ address: "aws_lambda_event_source_mapping.m", type: "aws_lambda_event_source_mapping", values: { enabled, batch_size: 9 } }] } },
});

test("a mapping is on or off as it was planned, whatever the emulator says, and nothing else is taken from the plan", () => {
  expect(appliedState(state(false), plan(true))).toEqual({
    values: { root_module: { ...state(false).values.root_module, resources: [{ address: "aws_lambda_event_source_mapping.m", type: "aws_lambda_event_source_mapping", values: { enabled: true, batch_size: 1 } }] } },
  });
  expect(appliedState(state(true), plan(false))).not.toEqual(state(true));
});

test("without a planned value the state's own stays, and the given state is not changed", () => {
  const given = state(false);
  expect(appliedState(given, {})).toEqual(state(false));
  appliedState(given, plan(true));
  expect(given).toEqual(state(false));
});
