"""What the demo's schools teach, by school: code, title, description of each subject."""

from collections.abc import Mapping
from typing import NamedTuple


class Subject(NamedTuple):
    """What a course is about."""

    code: str
    title: str
    description: str


CATALOGUE: Mapping[str, tuple[Subject, ...]] = {
    "northwind": (
        Subject(
            "STA", "Statistics for everyday decisions", "Reading charts, weighing risks, and telling chance from cause."
        ),
        Subject(
            "BIO", "Biology of rivers and lakes", "How life in fresh water depends on light, oxygen and each other."
        ),
        Subject(
            "PRG", "First steps in programming", "From a list of instructions to a program that somebody else can read."
        ),
        Subject("HIS", "A history of trade routes", "Silk, salt and copper: what people carried, and what came along."),
        Subject("ECO", "Household economics", "Budgets, credit and insurance, worked through with real figures."),
        Subject("WRI", "Writing at work", "Letters, reports and minutes that are read to the end."),
        Subject("AST", "The sky without a telescope", "Seasons, phases and planets, observed from a window."),
        Subject("LAW", "Contracts in plain language", "What is promised in a tenancy, a job and a purchase."),
    ),
    "riverside": (
        Subject("CHE", "Kitchen chemistry", "Acids, emulsions and heat, explained by what happens in a pan."),
        Subject("GEO", "Maps and how to doubt them", "Projections, scales and borders, and what each of them hides."),
        Subject("MUS", "Hearing harmony", "Intervals, chords and cadences, trained by ear."),
        Subject("ENG", "Bridges and beams", "Why things stand up, with models made of paper and string."),
        Subject("PSY", "Memory and learning", "What the laboratory knows about studying, tried out on oneself."),
        Subject("DAT", "Tables, sums and pivots", "Keeping data in order, and asking it questions."),
        Subject("NUR", "Care at home", "Safe lifting, medicines and conversation with the people cared for."),
        Subject("ART", "Drawing what is there", "Line, tone and proportion in forty short exercises."),
    ),
}
