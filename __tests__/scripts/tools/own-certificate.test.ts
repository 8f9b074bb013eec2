import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { makeOwnCertificate } from "../../../scripts/tools/own-certificate";
import { temporaryFolder } from "../../support/temporary-folder";

test("the certificate is its own issuer, stands for loopback, and is good with its key", async () => {
  const { path, key, cert } = await makeOwnCertificate({
    directory: temporaryFolder("certificate"),
    env: { PATH: process.env["PATH"] },
    name: "here",
  });
  expect(readFileSync(path).equals(cert)).toBe(true);
  const certificate = new X509Certificate(cert);
  expect(certificate.issuer).toBe(certificate.subject);
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(key.toString()).toContain("PRIVATE KEY");
});
