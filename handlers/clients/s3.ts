import type { S3Client } from "@aws-sdk/client-s3";
import type { ClientConfiguration } from "./connection";

/** A client of S3. Its SDK is loaded only now: most cold starts never need it. */
export async function connectS3(connection: ClientConfiguration): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  return new S3Client(connection);
}
