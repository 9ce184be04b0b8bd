"""A schema with one of each kind of thing that the platform's schema has."""

from graphql import GraphQLSchema, build_schema

PAGE = "first: Int, after: String, last: Int, before: String"


def _connection(name: str) -> str:
    return f"""
    type {name}Connection {{ edges: [{name}Edge!]! nodes: [{name}!]! pageInfo: PageInfo! }}
    type {name}Edge {{ cursor: String! node: {name}! }}
    """


SDL = f"""
interface Node {{ id: ID! }}
scalar JSON
scalar DateTime
type PageInfo {{ hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }}
enum LearnerOrder {{ NAME_ASC NAME_DESC }}
input StringFilter {{ eq: String in: [String!] startsWith: String }}
input LearnerFilter {{ name: StringFilter email: String minor: Boolean course: ID }}
input TimeRange {{ from: DateTime to: DateTime }}
input Tree {{ leaf: Int children: [Tree!] required: String! }}

type Query {{
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  viewer: Viewer!
  learner(id: ID!): Learner
  learners(filter: LearnerFilter, orderBy: LearnerOrder, {PAGE}): LearnerConnection!
  course(id: ID!): Course
  courses({PAGE}): CourseConnection!
  lastPage: CourseConnection!
  forest(tree: Tree, at: TimeRange): Int
  explain(document: String!, variables: JSON): Int!
}}
type Viewer {{ id: ID! roles: [String!]! learner: Learner teaches({PAGE}): CourseConnection! }}
type Learner implements Node {{
  id: ID! name: String email: String minor: Boolean
  enrollments({PAGE}): EnrollmentConnection
  guardians: [Learner!]
}}
type Course implements Node {{
  id: ID! code: String! title: String!
  instructors: [Instructor!]!
  enrollments({PAGE}): EnrollmentConnection!
}}
type Instructor implements Node {{ id: ID! name: String title: String }}
type Enrollment implements Node {{
  id: ID! learner: Learner course: Course! progress: Float
  results({PAGE}): ResultConnection
}}
type Result implements Node {{ id: ID! score: Float enrollment: Enrollment }}
union Person = Learner | Instructor
{"".join(map(_connection, ("Learner", "Course", "Enrollment", "Result")))}

type Mutation {{
  signIn(input: SignInInput!): SignInPayload!
  signOut: SignInPayload!
}}
input SignInInput {{ tenant: String! email: String! password: String! }}
type SignInPayload {{ accessToken: String viewer: Viewer userErrors: [UserError!]! }}
type UserError {{ field: [String!] code: String! message: String! }}
"""


def example_schema() -> GraphQLSchema:
    """The schema, built anew."""
    return build_schema(SDL)
