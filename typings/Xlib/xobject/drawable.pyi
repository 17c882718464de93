from collections.abc import Sequence

class Attributes:
    map_state: int
    win_class: int
    override_redirect: bool

class Geometry:
    x: int
    y: int
    width: int
    height: int
    border_width: int

class Tree:
    children: Sequence[Window]

class Translated:
    x: int
    y: int

class Property:
    value: bytes | Sequence[int]

class Window:
    id: int
    def get_attributes(self) -> Attributes: ...
    def get_geometry(self) -> Geometry: ...
    def query_tree(self) -> Tree: ...
    def translate_coords(self, src_window: Window, src_x: int, src_y: int) -> Translated: ...
    def get_full_property(self, property: int, property_type: int) -> Property | None: ...
    def get_wm_name(self) -> str | bytes | None: ...
    def get_wm_class(self) -> tuple[str, str] | None: ...
