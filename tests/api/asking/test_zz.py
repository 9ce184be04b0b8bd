import json
async def test_x(ask):
    d='query($document: String!) { explain(document: $document, as: INSTRUCTOR) { statements cost fields { field subject readable reason rule } } }'
    print(json.dumps(await ask("instructor", d, document='{ learners(first: 20) { nodes { name pictureUrl enrollments { nodes { progress } } } } }'), ensure_ascii=False))
    print(json.dumps(await ask("learner", '{ accessMatrix(role: SUPPORT, subject: [MINOR], purpose: SUPPORT_CASE) { field readable rule } }')))
