import { packageId, type ShippedPackage } from "../judges/release/production-packages";

/** Something of the project's own that packages go into, such as a function's zip. */
export interface BillPart {
  readonly name: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** What is in it, by package id. */
  readonly packages: readonly string[];
}

export interface Bill {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** What the whole depends on, by package id; nothing where parts stand between. */
  readonly dependsOn: readonly string[];
  readonly parts: readonly BillPart[];
  readonly packages: readonly ShippedPackage[];
}

/**
 * A bill of materials as CycloneDX 1.5 has it, in JSON (cyclonedx.org/docs/1.5/json). The serial number and the time,
 * which that allows to be missing, are left out: the same release has the same bytes.
 */
export function billOfMaterials({ name, version, license, dependsOn, parts, packages }: Bill): string {
  const root = `${name}@${version}`;
  const partRef = (part: BillPart) => `${root}#${part.name}`;
  const bill = {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      lifecycles: [{ phase: "build" }],
      component: {
        "bom-ref": root,
        type: "application",
        name,
        version,
        licenses: licenses(license),
        purl: purl({ name, version }),
      },
    },
    components: [
      ...parts.map((part) => ({
        "bom-ref": partRef(part),
        type: "application",
        name: part.name,
        version,
        hashes: [{ alg: "SHA-256", content: part.sha256 }],
        licenses: licenses(license),
      })),
      ...packages.map(component),
    ],
    dependencies: [
      { ref: root, dependsOn: [...parts.map(partRef), ...dependsOn] },
      ...parts.map((part) => ({ ref: partRef(part), dependsOn: part.packages })),
      ...packages.map((each) => ({ ref: packageId(each), dependsOn: each.dependsOn })),
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function component(each: ShippedPackage) {
  const { name, version, license, integrity } = each;
  return {
    "bom-ref": packageId(each),
    type: "library",
    name,
    version,
    ...hashes(integrity),
    ...(license !== undefined && { licenses: licenses(license) }),
    purl: purl(each),
  };
}

/** An identifier, an expression of several, or, where a package has its own words, these. */
function licenses(license: string) {
  if (/^\(.*\)$| (OR|AND|WITH) /.test(license)) return [{ expression: license }];
  return [{ license: /\s/.test(license) ? { name: license } : { id: license } }];
}

function hashes(integrity: string | undefined) {
  const base64 = /^sha512-([A-Za-z0-9+/]+=*)/.exec(integrity ?? "")?.[1];
  if (base64 === undefined) return {};
  const hexadecimal = [...atob(base64)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return { hashes: [{ alg: "SHA-512", content: hexadecimal }] };
}

/** A package URL (github.com/package-url/purl-spec, type npm): the scope's @ is encoded. */
function purl({ name, version }: Pick<ShippedPackage, "name" | "version">): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}
