import { formatBill, formatNotices } from "../../../scripts/publish/packages";

describe("bill of materials", () => {
  const bill = (license: string | undefined, integrity?: string) =>
    JSON.parse(
      formatBill({
        name: "whole",
        version: "1.0.0",
        license: "Apache-2.0",
        dependsOn: ["@s/a@2.0.0"],
        parts: [{ name: "api", sha256: "ab", packages: ["@s/a@2.0.0"] }],
        packages: [{ name: "@s/a", version: "2.0.0", license, integrity, dependsOn: [] }],
      }),
    ) as {
      components: { licenses?: unknown; hashes?: unknown }[];
      dependencies: unknown;
      metadata: { component: unknown };
    };

  test("the project, its parts and their packages are components with their dependencies", () => {
    const { components, dependencies, metadata } = bill("MIT");
    expect(metadata.component).toEqual({
      "bom-ref": "whole@1.0.0",
      type: "application",
      name: "whole",
      version: "1.0.0",
      licenses: [{ license: { id: "Apache-2.0" } }],
      purl: "pkg:npm/whole@1.0.0",
    });
    expect(components).toEqual([
      {
        "bom-ref": "whole@1.0.0#api",
        type: "application",
        name: "api",
        version: "1.0.0",
        hashes: [{ alg: "SHA-256", content: "ab" }],
        licenses: [{ license: { id: "Apache-2.0" } }],
      },
      {
        "bom-ref": "@s/a@2.0.0",
        type: "library",
        name: "@s/a",
        version: "2.0.0",
        licenses: [{ license: { id: "MIT" } }],
        purl: "pkg:npm/%40s/a@2.0.0",
      },
    ]);
    expect(dependencies).toEqual([
      { ref: "whole@1.0.0", dependsOn: ["whole@1.0.0#api", "@s/a@2.0.0"] },
      { ref: "whole@1.0.0#api", dependsOn: ["@s/a@2.0.0"] },
      { ref: "@s/a@2.0.0", dependsOn: [] },
    ]);
  });

  test.each([
    ["MIT", [{ license: { id: "MIT" } }]],
    ["(MIT OR GPL-3.0-or-later)", [{ expression: "(MIT OR GPL-3.0-or-later)" }]],
    ["Apache-2.0 WITH LLVM-exception", [{ expression: "Apache-2.0 WITH LLVM-exception" }]],
    ["Public Domain", [{ license: { name: "Public Domain" } }]],
    [undefined, undefined],
  ])("the license %s is %j", (license, expected) => {
    expect(bill(license).components[1]?.licenses).toEqual(expected);
  });

  test("the lock file's SHA-512 is written in hexadecimal; another kind of sum is left out", () => {
    expect(bill("MIT", `sha512-${Buffer.from("0123").toString("base64")}`).components[1]?.hashes).toEqual([
      { alg: "SHA-512", content: "30313233" },
    ]);
    expect(bill("MIT", "sha1-AA==").components[1]?.hashes).toBeUndefined();
  });
});

describe("third party notices", () => {
  test("each package has its license and all its texts, or a line that says that it has none", () => {
    const text = formatNotices([
      { name: "a", version: "1.0.0", license: "Apache-2.0", texts: ["License A\r\n", "\nNotice A\n"] },
      { name: "b", version: "2.0.0", license: undefined, texts: [] },
    ]);
    const line = "-".repeat(80);
    expect(text).toBe(
      "What comes with this file holds code of these packages, each under its own license.\n\n" +
        `${line}\n\na 1.0.0 (Apache-2.0)\n\nLicense A\n\nNotice A\n\n` +
        `${line}\n\nb 2.0.0 (no license named)\n\nThe package holds no license text.\n`,
    );
  });
});
