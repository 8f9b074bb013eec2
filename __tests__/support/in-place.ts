import type { ResourceChange } from "../../scripts/kit/plan-changes";

type Change = Pick<ResourceChange, "action" | "address" | "type">;

/**
 * Expects nothing but updates; only a deployment of the API, which holds nothing and cannot be updated, is replaced.
 */
export const inPlace = (changes: readonly Change[]): void =>
  expect(changes.filter(({ action, type }) => action !== "update" && type !== "aws_api_gateway_deployment")).toEqual(
    [],
  );

export const updated = (changes: readonly Change[]): string[] => changes.map(({ address }) => address);
