"""
Corrects moto 5.2.1 where it differs from AWS and the AWS provider or functions depend on it. Python runs this file
before moto, because its folder is on PYTHONPATH (scripts/emulator/moto.ts). A correction that does not fit the
installed moto is left out.
"""
import functools
import importlib
import json
import os
import threading


def rest_apis():
    from moto.apigateway.models import RestAPI

    described, patched = RestAPI.to_dict, RestAPI.apply_patch_operations

    def to_dict(self):
        """API Gateway answers a policy as the inside of a JSON string, which the provider unquotes (GetRestApi)."""
        answer = described(self)
        if isinstance(answer.get("policy"), str):
            answer["policy"] = json.dumps(answer["policy"])[1:-1]
        return answer

    def apply_patch_operations(self, patch_operations):
        """moto writes the IP address type into the endpoint's type."""
        path = "/endpointConfiguration/ipAddressType"
        for operation in patch_operations:
            if operation["path"] == path:
                self.endpoint_configuration["ipAddressType"] = operation["value"]
        patched(self, [operation for operation in patch_operations if operation["path"] != path])

    RestAPI.to_dict, RestAPI.apply_patch_operations = to_dict, apply_patch_operations


def items():
    """
    DynamoDB writes an item completely or not at all. moto sets the attributes one after the other while others read,
    checks a condition before it writes, and undoes other callers' writes when a transaction fails. So calls run one
    after the other.
    """
    from moto.dynamodb.responses import DynamoHandler

    answered, one_at_a_time = DynamoHandler.call_action, threading.RLock()

    @functools.wraps(answered)
    def call_action(self):
        with one_at_a_time:
            return answered(self)

    DynamoHandler.call_action = call_action


def tables():
    """DynamoDB's error names the missing table; with the name the provider accepts a repeated deletion as done."""
    from moto.dynamodb.exceptions import ResourceNotFoundException
    from moto.dynamodb.models import DynamoDBBackend

    deleted = DynamoDBBackend.delete_table

    @functools.wraps(deleted)
    def delete_table(self, name):
        try:
            return deleted(self, name)
        except ResourceNotFoundException:
            raise ResourceNotFoundException(table_name=name)

    DynamoDBBackend.delete_table = delete_table


def messages():
    """moto loses a message that is sent while another is deleted. The lock of sending prevents that."""
    from moto.sqs.models import Queue

    deleted = Queue.delete_message

    @functools.wraps(deleted)
    def delete_message(self, receipt_handle):
        with self._messages_lock:
            return deleted(self, receipt_handle)

    Queue.delete_message = delete_message


for correct in (rest_apis, items, tables, messages):
    try:
        correct()
    except (ImportError, AttributeError):
        pass

# A module on PYTHONPATH that the caller adds to moto.
if extension := os.environ.get("MOTO_EXTENSION"):
    importlib.import_module(extension)
