"""
Python runs this file before moto, because its folder is on PYTHONPATH (scripts/tools/emulator.ts): what moto 5.2.1 does
otherwise than API Gateway, where the AWS provider cannot live with it. Of another moto that has it right, or has it
elsewhere, nothing is touched.
"""
import json


def correct(models):
    api = models.RestAPI
    described, patched = api.to_dict, api.apply_patch_operations

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

    api.to_dict, api.apply_patch_operations = to_dict, apply_patch_operations


try:
    from moto.apigateway import models as _models

    correct(_models)
except (ImportError, AttributeError):
    pass
