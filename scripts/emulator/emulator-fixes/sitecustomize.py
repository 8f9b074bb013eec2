"""
Python runs this file before moto, because its folder is on PYTHONPATH (scripts/emulator/moto.ts): what moto 5.2.1 does
otherwise than AWS, where the AWS provider or the handlers cannot live with it. Of another moto that has it right, or has
it elsewhere, nothing is touched.
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
        """API Gateway gives a policy back as the inside of a JSON string; the provider unquotes it (GetRestApi)."""
        answer = described(self)
        if isinstance(answer.get("policy"), str):
            answer["policy"] = json.dumps(answer["policy"])[1:-1]
        return answer

    def apply_patch_operations(self, patch_operations):
        """moto takes the IP address type for the endpoint's type."""
        path = "/endpointConfiguration/ipAddressType"
        for operation in patch_operations:
            if operation["path"] == path:
                self.endpoint_configuration["ipAddressType"] = operation["value"]
        patched(self, [operation for operation in patch_operations if operation["path"] != path])

    RestAPI.to_dict, RestAPI.apply_patch_operations = to_dict, apply_patch_operations


def items():
    """
    DynamoDB writes an item whole or not at all. moto sets one attribute after the other where others read, looks at a
    condition before it writes, and undoes everybody's writes with a failed transaction: one call at a time is whole.
    """
    from moto.dynamodb.responses import DynamoHandler

    answered, one_at_a_time = DynamoHandler.call_action, threading.RLock()

    @functools.wraps(answered)
    def call_action(self):
        with one_at_a_time:
            return answered(self)

    DynamoHandler.call_action = call_action


def tables():
    """Of a table that is not there DynamoDB says which; the provider then takes a repeated deletion for done."""
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
    """While moto deletes a message it forgets one that is sent at that moment. Under the lock of sending nothing is."""
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
