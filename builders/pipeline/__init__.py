"""From a recipe to a corpus: the story of a build."""
