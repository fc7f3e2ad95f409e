"""Application protocols (mail, files, directories, databases, terminals …): what they said, never a judgement."""

from explainer.protocols.applications.records import Clock as Clock
from explainer.protocols.applications.records import Kind as Kind
from explainer.protocols.applications.records import Login as Login
from explainer.protocols.applications.records import Reply as Reply
from explainer.protocols.applications.records import Search as Search
from explainer.protocols.applications.records import Sign as Sign
from explainer.protocols.applications.records import Transfer as Transfer
from explainer.protocols.applications.talk import clocks as clocks
from explainer.protocols.applications.talk import logins as logins
from explainer.protocols.applications.talk import messages as messages
from explainer.protocols.applications.talk import replies as replies
from explainer.protocols.applications.talk import searches as searches
from explainer.protocols.applications.talk import signs as signs
from explainer.protocols.applications.talk import transfers as transfers
