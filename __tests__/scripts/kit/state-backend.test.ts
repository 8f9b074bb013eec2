import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { usePresentBackend } from "../../../scripts/kit/state-backend";
import { temporaryFolder } from "../../support/temporary-folder";

/** A folder with a configuration, and one without. */
function folders(terraform: object): { from: string; to: string; override: () => unknown } {
  const [from, to] = [temporaryFolder("from"), temporaryFolder("to")];
  writeFileSync(join(from, "cdk.tf.json"), JSON.stringify({ terraform }));
  return {
    from,
    to,
    override: () => JSON.parse(readFileSync(join(to, "present_backend_override.tf.json"), "utf8")) as unknown,
  };
}

test("a local state is found from another folder", () => {
  const { from, to, override } = folders({
    backend: { local: { path: "../state.tfstate" } },
    required_version: ">= 1",
  });
  usePresentBackend(from, to);
  expect(override()).toEqual({
    terraform: {
      backend: { local: { path: join(from, "../state.tfstate"), workspace_dir: join(from, "terraform.tfstate.d") } },
    },
  });
});

test.each([
  { backend: { s3: { bucket: "b", key: "agent-api.tfstate", region: "eu-central-1", use_lockfile: true } } },
  { cloud: { organization: "o", workspaces: { name: "w" } } },
])("a state elsewhere stays where it is: %j", (terraform) => {
  const { from, to, override } = folders(terraform);
  usePresentBackend(from, to);
  expect(override()).toEqual({ terraform });
});

test("the workspace that a person has chosen is the other folder's too", () => {
  const { from, to } = folders({ backend: { local: {} } });
  mkdirSync(join(from, ".terraform"));
  writeFileSync(join(from, ".terraform/environment"), "blue");
  usePresentBackend(from, to);
  expect(readFileSync(join(to, ".terraform/environment"), "utf8")).toBe("blue");
});

test("a configuration without a backend is refused with what to do", () => {
  const { from, to } = folders({});
  expect(() => usePresentBackend(from, to)).toThrow(
    /cdk\.tf\.json names no backend, .*allowed: a block backend or cloud\. Write it anew: npx quickturn synth/,
  );
});
