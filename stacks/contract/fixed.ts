/**
 * Values that no setting changes: the stacks build by them, and the commands calculate with them.
 * This file imports nothing.
 */

/** Name of the alias that traffic goes to, on both functions. */
export const LIVE_ALIAS = "live";

/** Name of the API's only stage. */
export const STAGE_NAME = "live";

/**
 * Processor of the functions. A GB-second costs a fifth less than on x86_64 (AWS price list, us-east-1, 2024-07-01),
 * and Node.js runs on it unchanged.
 */
export const ARCHITECTURE = "arm64";

/**
 * Memory that brings one whole vCPU: below it a function has less, and above it a single thread gets no faster (AWS
 * Lambda developer guide, "Configure Lambda function memory", read 2026-08).
 */
export const ONE_VCPU_MIB = 1_769;

/**
 * Below the NAT gateway's 350 s, after which it silently drops an idle connection (VPC user guide, "NAT gateways").
 */
export const HEARTBEAT_MINUTES = 5;

/** EventBridge's shortest rate: a lost request waits no longer than this to be found. */
export const SWEEP_MINUTES = 1;

/** Memory of the sweeper, which waits for DynamoDB and SQS and computes nothing. */
export const SWEEPER_MEMORY_MIB = 256;

/** Memory of the authorizer. A signature takes under a millisecond of a vCPU; the rest is the start of Node.js. */
export const AUTHORIZER_MEMORY_MIB = 256;

/** How long the distribution keeps a status answer: not so long that a person notices. */
export const EDGE_STATUS_TTL_SECONDS = 5;
