"""The demo company: sixty people, six closed months and five open cycles, made by the same acts as real ones."""
