"""The service that phones fetch their files from (`tuiprov serve`).

`verdicts` decides about one request and `limits` about an address: both pure. `known` reads what
the database knows of a key, `files` the publish tree, `fetchlog` writes down what became of each
request. `http` puts them together as an application, `front` lets connections in, `service` runs
it all. Nothing here writes to the database but the fetch log.
"""
