"""A small CIM-XML client (DSP0200, DSP0201), over the Unix socket of the object manager or over HTTP."""

import base64
import contextlib
import http.client
import socket
import ssl
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape, quoteattr


class CimError(Exception):
    """What the object manager answered instead of a result."""

    def __init__(self, code, description):
        super().__init__(f"CIM error {code}: {description}")
        self.code = code
        self.description = description


class HttpError(Exception):
    """An HTTP answer that carries no CIM message."""

    def __init__(self, status, headers, body):
        super().__init__(f"HTTP status {status}: {body[:200]!r}")
        self.status = status
        self.headers = headers


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def key_bindings(keys):
    def key_value(value):
        if isinstance(value, bool):
            return f'<KEYVALUE VALUETYPE="boolean">{str(value).lower()}</KEYVALUE>'
        if isinstance(value, int):
            return f'<KEYVALUE VALUETYPE="numeric">{value}</KEYVALUE>'
        return f'<KEYVALUE VALUETYPE="string">{escape(value)}</KEYVALUE>'

    return "".join(f"<KEYBINDING NAME={quoteattr(name)}>{key_value(value)}</KEYBINDING>"
                   for name, value in keys.items())


def instance_name(cls, keys):
    return f"<INSTANCENAME CLASSNAME={quoteattr(cls)}>{key_bindings(keys)}</INSTANCENAME>"


def text_of(value):
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


class Uint16(int):
    """A number for a property of that type; others are uint32."""


class Uint64(int):
    """A number for a property of that type."""


class Sint32(int):
    """A number for a property of that type."""


class Embedded(str):
    """The XML of an embedded instance, for a method parameter."""


def type_of(value):
    if isinstance(value, (Uint16, Uint64, Sint32)):
        return type(value).__name__.lower()
    return "boolean" if isinstance(value, bool) else "uint32" if isinstance(value, int) else "string"


def instance(cls, values):
    properties = "".join(f"<PROPERTY NAME={quoteattr(name)} TYPE={quoteattr(type_of(value))}>"
                         f"<VALUE>{text_of(value)}</VALUE></PROPERTY>" for name, value in values.items())
    return f"<INSTANCE CLASSNAME={quoteattr(cls)}>{properties}</INSTANCE>"


def namespace_path(namespace):
    parts = "".join(f"<NAMESPACE NAME={quoteattr(part)}/>" for part in namespace.split("/"))
    return f"<LOCALNAMESPACEPATH>{parts}</LOCALNAMESPACEPATH>"


def message(call):
    return ('<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0">'
            f'<MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLEREQ>{call}</SIMPLEREQ></MESSAGE></CIM>')


def intrinsic_message(namespace, method, parameters):
    """The request for an intrinsic method; `parameters` maps names to XML."""
    values = "".join(f'<IPARAMVALUE NAME="{name}">{value}</IPARAMVALUE>' for name, value in parameters.items())
    return message(f'<IMETHODCALL NAME="{method}">{namespace_path(namespace)}{values}</IMETHODCALL>')


def parse_instance(element):
    """Property values by name: text, a list of texts, or None."""
    values = {}
    for child in element:
        if child.tag == "PROPERTY":
            values[child.get("NAME")] = child.findtext("VALUE")
        elif child.tag == "PROPERTY.ARRAY":
            values[child.get("NAME")] = [item.text for item in child.iter("VALUE")]
    return values


def parse_keys(element):
    return {binding.get("NAME"): int(value.text) if value.get("VALUETYPE") == "numeric" else value.text or ""
            for binding in element.iter("KEYBINDING") for value in binding.iter("KEYVALUE")}


class Client:
    """Calls one object manager. `socket_path`, or `address` (host, port) with `user` and `password`."""

    def __init__(self, socket_path=None, address=None, user=None, password=None, tls=False, timeout=30):
        self.socket_path, self.address, self.tls, self.timeout = socket_path, address, tls, timeout
        self.headers = {"Content-Type": 'application/xml; charset="utf-8"'}
        if user is not None:
            token = base64.b64encode(f"{user}:{password}".encode()).decode()
            self.headers["Authorization"] = "Basic " + token

    def connection(self):
        if self.socket_path:
            return UnixConnection(self.socket_path, self.timeout)
        if self.tls:
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection(*self.address, timeout=self.timeout, context=context)
        return http.client.HTTPConnection(*self.address, timeout=self.timeout)

    def post(self, body, headers):
        """Sends one request on a connection of its own. Returns (status, headers, body)."""
        with contextlib.closing(self.connection()) as connection:
            connection.request("POST", "/cimom", body.encode(), self.headers | headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()

    def call(self, body, method, target):
        """Sends one CIM message. Returns the response element; raises CimError or HttpError."""
        headers = {"CIMOperation": "MethodCall", "CIMMethod": method, "CIMObject": target}
        status, answered, answer = self.post(body, headers)
        if status != 200:
            raise HttpError(status, answered, answer)
        root = ElementTree.fromstring(answer)
        for error in root.iter("ERROR"):
            raise CimError(int(error.get("CODE")), error.get("DESCRIPTION"))
        return root.find("./MESSAGE/SIMPLERSP")[0]

    def intrinsic(self, namespace, method, **parameters):
        return self.call(intrinsic_message(namespace, method, parameters), method, namespace)

    def get(self, namespace, cls, keys):
        answer = self.intrinsic(namespace, "GetInstance", InstanceName=instance_name(cls, keys))
        return parse_instance(next(answer.iter("INSTANCE")))

    def instances(self, namespace, cls):
        answer = self.intrinsic(namespace, "EnumerateInstances", ClassName=f'<CLASSNAME NAME="{cls}"/>')
        return [parse_instance(element) for element in answer.iter("INSTANCE")]

    def names(self, namespace, cls):
        answer = self.intrinsic(namespace, "EnumerateInstanceNames", ClassName=f'<CLASSNAME NAME="{cls}"/>')
        return [parse_keys(element) for element in answer.iter("INSTANCENAME")]

    def create(self, namespace, cls, **values):
        self.intrinsic(namespace, "CreateInstance", NewInstance=instance(cls, values))

    def modify(self, namespace, cls, keys, **values):
        listed = "".join(f"<VALUE>{name}</VALUE>" for name in values)
        self.intrinsic(namespace, "ModifyInstance", PropertyList=f"<VALUE.ARRAY>{listed}</VALUE.ARRAY>",
                       ModifiedInstance="<VALUE.NAMEDINSTANCE>" + instance_name(cls, keys) + instance(cls, values)
                       + "</VALUE.NAMEDINSTANCE>")

    def delete(self, namespace, cls, keys):
        self.intrinsic(namespace, "DeleteInstance", InstanceName=instance_name(cls, keys))

    def invoke(self, namespace, cls, keys, method, **parameters):
        """Calls a method of an instance, or of the class when `keys` is None. Returns the return value as text."""
        if keys is None:
            path = f"<LOCALCLASSPATH>{namespace_path(namespace)}<CLASSNAME NAME={quoteattr(cls)}/></LOCALCLASSPATH>"
        else:
            path = f"<LOCALINSTANCEPATH>{namespace_path(namespace)}{instance_name(cls, keys)}</LOCALINSTANCEPATH>"
        def parameter(name, value):
            kind = ' PARAMTYPE="string" EmbeddedObject="instance"' if isinstance(value, Embedded) else ""
            return f"<PARAMVALUE NAME={quoteattr(name)}{kind}><VALUE>{text_of(value)}</VALUE></PARAMVALUE>"

        values = "".join(parameter(name, value) for name, value in parameters.items())
        bindings = ",".join(f"{name}={value}" if isinstance(value, int) else f'{name}="{value}"'
                            for name, value in (keys or {}).items())
        target = f"{namespace}:{cls}" + (f".{bindings}" if bindings else "")
        answer = self.call(message(f'<METHODCALL NAME="{method}">{path}{values}</METHODCALL>'), method, target)
        return answer.findtext("RETURNVALUE/VALUE")
