"""Each kind of object has paths of its own in the document, with its shape."""

from api.document import make_document

SECRET = {"type": "string", "writeOnly": True, "pattern": "^x$"}
SHAPES = {"skills": {"type": "object", "properties": {"id": {"type": "string"}, "key": SECRET}}}


def test_each_kind_has_paths_with_its_shape_in_place_of_those_for_any_kind() -> None:
    document = make_document("1", shapes=SHAPES)
    paths = document["paths"]
    assert not [path for path in paths if "{kind}" in path and "admin" in path]
    one, all_of_them = paths["/v1/admin/skills/{object_id}"], paths["/v1/admin/skills"]
    shape = {"$ref": "#/components/schemas/Object_skills"}
    assert one["put"]["requestBody"]["content"]["application/json"]["schema"] == shape
    assert one["get"]["responses"]["200"]["content"]["application/json"]["schema"] == shape
    assert [each["name"] for each in one["get"]["parameters"]] == ["object_id"]
    page = all_of_them["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert page["properties"]["items"]["items"] == shape
    properties = document["components"]["schemas"]["Object_skills"]["properties"]
    assert properties == {"id": {"type": "string"}, "key": {"type": "string"}}  # shown, if hidden
    assert "content" not in one["delete"]["responses"]["204"]
    assert {each["operationId"] for each in one.values()} == {
        "get_v1_admin_skills_object_id",
        "put_v1_admin_skills_object_id",
        "delete_v1_admin_skills_object_id",
    }
