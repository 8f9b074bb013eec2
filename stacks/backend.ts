import { posix } from "node:path";
import { CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, type TerraformStack } from "cdktf";
import { DEFAULT_ENVIRONMENT, placesOf } from "./contract/outputs";

/** A mistake in what a person gave: its message says all, and no stack trace is needed. */
export class SynthInputError extends Error {}

/** Where Terraform keeps the state. */
export type Backend =
  | {
      /** A file beside cdktf.json. */ readonly kind: "local";
      /** Default: `default`. */ readonly environment?: string;
    }
  | {
      /** An object in a bucket, locked by another beside it. */
      readonly kind: "s3";
      readonly bucket: string;
      /** Folder in the bucket, without slashes at its ends; "" for none. */
      readonly prefix: string;
      /** The bucket's region. */
      readonly region: string;
      /** Further attributes of Terraform's block, by their names there. */
      readonly attributes: Readonly<Record<string, string | boolean>>;
    }
  | {
      /** A workspace of HCP Terraform or Terraform Enterprise. */
      readonly kind: "cloud";
      readonly hostname: string;
      readonly organization: string;
      readonly workspace: string;
    };

/** The backend where none is configured. */
export const LOCAL_BACKEND: Backend = { kind: "local" };

/** Gives an environment its own folder, workspace or file in a backend. */
export function placeInEnvironment(backend: Backend, environment: string): Backend {
  if (environment === DEFAULT_ENVIRONMENT) return backend;
  if (backend.kind === "local") return { ...backend, environment };
  if (backend.kind === "cloud") return { ...backend, workspace: `${backend.workspace}-${environment}` };
  return { ...backend, prefix: backend.prefix === "" ? environment : `${backend.prefix}/${environment}` };
}

/** The stack whose workspace has the configured name; other stacks' workspaces add the stack's name. */
const MAIN_STACK = "agent-api";

const ALLOWED = "allowed: local, s3://<bucket>/<folder>?region=<region>, or cloud://<host>/<organization>/<workspace>";

/** Attributes of Terraform's s3 backend that may be given, with the kind of their values. None is a secret. */
const S3_ATTRIBUTES: Readonly<Record<string, "text" | "boolean">> = {
  kms_key_id: "text",
  profile: "text",
  use_path_style: "boolean",
  skip_credentials_validation: "boolean",
  skip_metadata_api_check: "boolean",
  skip_region_validation: "boolean",
  skip_requesting_account_id: "boolean",
};

/** Names of attributes whose secrets would get into the JSON, into plans and into version control. */
const SECRET = /access_?key|secret|token|password|sse_customer_key/i;

/**
 * S3's rules for buckets (Amazon S3 user guide, "General purpose bucket naming rules"), dots left out: they break TLS.
 */
const BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const FOLDER = /^[\w.-]+(\/[\w.-]+)*$/;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$/;
const ORGANIZATION = /^[A-Za-z0-9][\w-]*$/;
/** HCP Terraform takes 90 characters, and the suffix of another stack needs 16 of them. */
const WORKSPACE = /^[A-Za-z0-9_-]{1,74}$/;

/**
 * Reads the notation of QUICKTURN_BACKEND and of the context key `quickturn:backend`.
 * @param given such as `s3://bucket/folder?region=eu-central-1`
 * @param source where it was given, for the message
 * @throws SynthInputError with what is wrong and what is allowed, but without a secret that was given
 */
export function parseBackend(given: string, source: string): Backend {
  if (given === "local") return LOCAL_BACKEND;
  const [, scheme, rest = ""] = /^([a-z0-9]+):\/\/(.*)$/s.exec(given) ?? [];
  const refuse: Refuse = (problem) => new SynthInputError(`${source} ${problem}; ${ALLOWED}.`);
  const [place = "", query = "", ...more] = rest.split("?");
  refuseSecrets(place, query, refuse);
  if (scheme !== "s3" && scheme !== "cloud")
    throw refuse(`is ${JSON.stringify(given)}, which names no backend that is known`);
  if (more.length > 0 || given.includes("#"))
    throw refuse(`is ${JSON.stringify(given)}, which has more than one ? or a #`);
  return scheme === "s3" ? parseS3(place, query, refuse) : parseCloud(place, query, refuse);
}

type Refuse = (problem: string) => Error;

function refuseSecrets(place: string, query: string, refuse: Refuse): void {
  if (place.includes("@"))
    throw refuse(
      "holds a user or a password before an @; give credentials by the environment (AWS_PROFILE, " +
        "AWS_ACCESS_KEY_ID, terraform login), never by the backend",
    );
  const secret = query
    .split("&")
    .map((pair) => pair.split("=")[0] ?? "")
    .find((name) => SECRET.test(name));
  if (secret !== undefined)
    throw refuse(
      `holds the secret ${secret}; give credentials by the environment (AWS_PROFILE, AWS_ACCESS_KEY_ID), never ` +
        "by the backend",
    );
}

function parseS3(place: string, query: string, refuse: Refuse): Backend {
  const [bucket = "", ...folders] = place.split("/");
  const prefix = folders.join("/").replace(/\/$/, "");
  if (!BUCKET.test(bucket))
    throw refuse(`names the bucket ${JSON.stringify(bucket)}; allowed: 3 to 63 lower-case letters, digits and hyphens`);
  if (prefix !== "" && (!FOLDER.test(prefix) || prefix.split("/").some((part) => /^\.+$/.test(part)))) {
    throw refuse(
      `names the folder ${JSON.stringify(prefix)}; allowed: letters, digits, "_", "-", "." and single slashes ` +
        "between them",
    );
  }
  const { region, ...attributes } = s3Attributes(query, refuse);
  if (region === undefined) throw refuse("names no region; add ?region=<the bucket's region>");
  if (typeof region !== "string" || !REGION.test(region))
    throw refuse(`names the region ${JSON.stringify(region)}; allowed: a region's code, such as eu-central-1`);
  return { kind: "s3", bucket, prefix, region, attributes };
}

function s3Attributes(query: string, refuse: Refuse): Record<string, string | boolean> {
  const attributes: Record<string, string | boolean> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const kind = name === "region" ? "text" : S3_ATTRIBUTES[name];
    if (kind === undefined)
      throw refuse(
        `has the parameter ${JSON.stringify(name)}; allowed: region, ${Object.keys(S3_ATTRIBUTES).join(", ")}`,
      );
    if (name in attributes) throw refuse(`has the parameter ${name} twice`);
    if (value === "") throw refuse(`has the parameter ${name} without a value`);
    if (kind === "boolean" && value !== "true" && value !== "false")
      throw refuse(`has ${name}=${value}; allowed: true or false`);
    // Terraform would evaluate it as an expression.
    if (/[$%]\{/.test(value)) throw refuse(`has ${name}=${JSON.stringify(value)}; a backend takes no expressions`);
    attributes[name] = kind === "boolean" ? value === "true" : value;
  }
  return attributes;
}

function parseCloud(place: string, query: string, refuse: Refuse): Backend {
  const [hostname = "", organization = "", workspace = "", ...more] = place.split("/");
  if (query !== "") throw refuse(`has the parameters ${JSON.stringify(query)}; a cloud backend takes none`);
  if (!HOST.test(hostname))
    throw refuse(`names the host ${JSON.stringify(hostname)}; allowed: a host's name, such as app.terraform.io`);
  if (!ORGANIZATION.test(organization))
    throw refuse(`names the organization ${JSON.stringify(organization)}; allowed: letters, digits, "_" and "-"`);
  if (!WORKSPACE.test(workspace) || more.length > 0)
    throw refuse(
      `names the workspace ${JSON.stringify([workspace, ...more].join("/"))}; allowed: 1 to 74 letters, digits, ` +
        '"_" and "-"',
    );
  return { kind: "cloud", hostname, organization, workspace };
}

/** Makes Terraform keep a stack's state there. */
export function useBackend(stack: TerraformStack, name: string, backend: Backend): void {
  if (backend.kind === "local") {
    // Relative, so that it is the same on every machine. The synthesized folder, in which Terraform runs, may be
    // deleted at any time, so the state is beside cdktf.json.
    const { synthesized, state } = placesOf(backend.environment ?? DEFAULT_ENVIRONMENT);
    new LocalBackend(stack, { path: posix.relative(`${synthesized}/stacks/${name}`, state(name)) });
  } else if (backend.kind === "cloud") {
    const { hostname, organization, workspace } = backend;
    new CloudBackend(stack, {
      hostname,
      organization,
      workspaces: new NamedCloudWorkspace(name === MAIN_STACK ? workspace : `${workspace}-${name}`),
    });
  } else {
    const { bucket, prefix, region, attributes } = backend;
    const state = new S3Backend(stack, {
      bucket,
      key: `${prefix === "" ? "" : `${prefix}/`}${name}.tfstate`,
      region,
      encrypt: true,
    });
    // The lock is an object written under a condition, so no table is needed. The construct is older than that.
    for (const [attribute, value] of Object.entries({ ...attributes, use_lockfile: true }))
      state.addOverride(attribute, value);
  }
}
