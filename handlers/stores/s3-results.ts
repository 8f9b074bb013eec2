import type { S3Client } from "@aws-sdk/client-s3";
import { ResultMissingError, type ResultStore } from "./results";

/**
 * Results in an S3 bucket. `connect` gives the client; it and the SDK are loaded with the first large result, as most
 * are small.
 */
export function s3Results(connect: () => Promise<S3Client>, bucket: string): ResultStore {
  return {
    async put(key, json, abortSignal) {
      const [{ PutObjectCommand }, client] = await Promise.all([import("@aws-sdk/client-s3"), connect()]);
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: json, ContentType: "application/json" }),
        { abortSignal },
      );
    },
    async get(key, abortSignal) {
      const [{ GetObjectCommand }, client] = await Promise.all([import("@aws-sdk/client-s3"), connect()]);
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
        return (await Body?.transformToString("utf-8")) ?? "";
      } catch (cause) {
        const isMissing = cause instanceof Error && ["NoSuchKey", "AccessDenied"].includes(cause.name);
        throw isMissing ? new ResultMissingError(`There is no result ${key}, or it may not be read`, { cause }) : cause;
      }
    },
  };
}
