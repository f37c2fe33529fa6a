"""Stands in for the vendor's module: any enum is a number, any struct takes any field."""


class Struct:
    def __init__(self, *_):
        pass


class Number(int):
    pass


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    structs = ("VideoDataSample", "JoinChannelConfig", "AliEngineDataChannelMsg")
    return Struct if name in structs or name.endswith("EncoderConfiguration") else Number
