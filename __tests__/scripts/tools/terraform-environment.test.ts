import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProviderSource, providerVariables, terraformEnvironment } from "../../../scripts/tools/terraform-environment";
import { temporaryFolder } from "../../support/temporary-folder";

let root: string;
beforeEach(() => {
  root = temporaryFolder("root");
});
const mirrorAt = (path: string) => {
  mkdirSync(join(root, path, "registry.terraform.io/hashicorp/aws"), { recursive: true });
  return join(root, path);
};

test("a CLI configuration that exists wins over a mirror", () => {
  mirrorAt("mirror");
  writeFileSync(join(root, "rc"), "");
  expect(findProviderSource({ TF_CLI_CONFIG_FILE: join(root, "rc") }, root)).toEqual({ kind: "cli-config", path: join(root, "rc") });
});

test("a CLI configuration in the home folder counts too", () => {
  writeFileSync(join(root, ".terraformrc"), "");
  expect(findProviderSource({ HOME: root }, root)).toEqual({ kind: "cli-config", path: join(root, ".terraformrc") });
});

test("a CLI configuration that is named but does not exist is passed over", () => {
  const path = mirrorAt("some/mirror");
  expect(findProviderSource({ TF_CLI_CONFIG_FILE: join(root, "missing") }, root)).toEqual({ kind: "mirror", path });
});

test("the mirror nearest to the root wins, and one without the AWS provider is none", () => {
  mkdirSync(join(root, "registry.terraform.io/hashicorp/random"), { recursive: true });
  mirrorAt("z/deep");
  const near = mirrorAt("y");
  expect(findProviderSource({ HOME: "/nowhere" }, root)).toEqual({ kind: "mirror", path: near });
});

test("without either the registry is asked, and what it gives is kept", () => {
  expect(findProviderSource({ HOME: "/nowhere" }, root)).toEqual({ kind: "registry" });
  expect(providerVariables({ kind: "registry" }, root)).toHaveProperty("TF_PLUGIN_CACHE_DIR");
});

test("a mirror is told to terraform by a configuration of our own", () => {
  const path = mirrorAt("mirror");
  const { TF_CLI_CONFIG_FILE: file = "" } = providerVariables({ kind: "mirror", path }, join(root, "folder"));
  expect(readFileSync(file, "utf8")).toContain(`path = "${path}"`);
});

test("terraform asks nothing, calls nobody, and is not told of a file that does not exist", () => {
  const environment = terraformEnvironment({ TF_CLI_CONFIG_FILE: "/missing", PATH: "/bin" }, { kind: "registry" }, root);
  expect(environment).toMatchObject({ PATH: "/bin", TF_INPUT: "0", TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" });
  expect(environment).not.toHaveProperty("TF_CLI_CONFIG_FILE");
});
