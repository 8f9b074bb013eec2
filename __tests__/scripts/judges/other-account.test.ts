import { otherAccount } from "../../../scripts/judges/other-account";

const plan = (account: string, url: unknown) => ({
  prior_state: {
    values: {
      root_module: {
        resources: [
          { mode: "managed", type: "aws_sqs_queue", values: {} },
          { mode: "data", type: "aws_caller_identity", values: { account_id: account } },
        ],
      },
    },
  },
  output_changes: { work_queue_url: { actions: ["update"], before: url } },
});
const URL = "https://sqs.us-east-1.amazonaws.com/123456789012/quickturn-dev-work";

test("another account than the state's is named with it", () =>
  expect(otherAccount(plan("210987654321", URL))).toEqual({ asked: "210987654321", applied: "123456789012" }));

test.each([
  ["the same one", plan("123456789012", URL)],
  ["nothing applied", plan("123456789012", null)],
  ["another stack", {}],
])("%s is no other", (_, shown) => expect(otherAccount(shown)).toBeUndefined());
