AnyPropertyType: int
InputOnly: int
IsViewable: int
