"""Column names as they are usual in the field, best first.

In: nothing. Out: tuples of names reduced by `reduced` (small letters and digits only). Never looks at values.
"""

from __future__ import annotations

import re

PERSON = (
    "userid", "customerid", "custid", "personid", "memberid", "subscriberid", "householdid", "householdkey", "accountid", "clientid",
    "caseid", "caseconceptname", "caseconceptid", "patientid", "studentid", "employeeid", "playerid", "reviewerid", "visitorid",
    "distinctid", "profileid", "contactid", "leadid", "buyerid", "shopperid", "readerid", "uid", "user", "userpseudoid", "customer",
    "person", "member", "visitor", "client", "case", "account", "customerno", "customernumber", "clientno", "username", "userhash",
    "email", "msisdn", "anonymousid", "deviceid", "cookieid", "fullvisitorid", "browserid", "domainuserid", "trackingid", "installid",
    "idvisitor", "kundennummer", "kundennr", "kundenid", "kunde", "nutzerid", "nutzer", "benutzerid", "benutzer", "ip",
    "remoteaddr", "clientip", "cip", "sessionid", "session", "usersession",
)  # fmt: skip
ACTOR = (
    "anonymousid", "anonid", "userpseudoid", "visitorid", "deviceid", "cookieid", "cookie", "fullvisitorid", "browserid", "domainuserid",
    "trackingid", "installid", "idvisitor", "clientid", "distinctid",
)  # fmt: skip
KNOWN = ("userid", "customerid", "custid", "memberid", "accountid", "personid", "email")
"""Names that say a known person: only beside one of these is an `ACTOR` column an actor."""
TIME = (
    "eventtime", "timestamp", "eventtimestamp", "time", "ts", "datetime", "eventdatetime", "timetimestamp", "occurredat", "createdat",
    "eventdate", "happenedat", "clienttime", "servertime", "logtime", "visittime", "viewtime", "invoicedate", "orderdate",
    "purchasedate", "transactiontimestamp", "transactiontime", "transactiondate", "orderpurchasetimestamp", "starttime",
    "starttimestamp", "completetimestamp", "date", "createdon", "created", "day", "when", "hittime", "sessionstart", "unixtime", "epoch", "timeiso8601", "datum", "zeitstempel", "zeitpunkt",
    "fecha", "dateheure", "zeit", "eventts",
)  # fmt: skip
CLOCK = (
    "time", "timeofday", "eventtime", "clock", "hour", "uhrzeit", "zeit", "heure", "hora", "ora", "tijd", "czas", "transtime", "starttime",
)  # fmt: skip
EVENT = (
    "event", "eventname", "eventtype", "activity", "activityname", "conceptname", "action", "eventaction", "actiontype", "actionname",
    "behavior", "behaviour", "behaviortype", "behaviourtype", "interaction", "interactiontype", "verb", "step", "task", "operation",
    "pagecategory", "ev", "evt", "ereignis", "aktion", "page", "pagename", "screen", "screenname", "type",
    "state", "status",
)  # fmt: skip
RECEIVED = ("receivedat", "serverreceivedtime", "ingestedat", "ingestiontime", "collectortstamp", "arrivedat")
MESSAGE_ID = ("messageid", "insertid", "eventuuid")
ORDER = (
    "orderid", "orderno", "ordernumber", "invoiceno", "invoiceid", "invoicenumber", "transactionid", "basketid", "receiptid", "purchaseid",
    "invoice", "bestellnummer", "bestellnr",
)  # fmt: skip
REVENUE = (
    "revenue",
    "ordervalue",
    "orderrevenue",
    "ordertotal",
    "purchasevalue",
    "salesvalue",
    "totalamount",
    "purchaserevenue",
    "totalprice",
)
CURRENCY = ("currency", "currencycode", "isocurrency")
USER_AGENT = ("useragent", "httpuseragent", "browseruseragent", "csuseragent", "ua")
ADDRESS = (
    "url",
    "pageurl",
    "pagelocation",
    "path",
    "pagepath",
    "uri",
    "requesturi",
    "href",
    "page",
    "pagename",
    "link",
)
RATING = ("rating", "stars", "reviewscore", "reviewrating")

_DROPPED = re.compile(r"[^a-z0-9]")


def reduced(name: str) -> str:
    """`Customer ID`, `customer_id` and `CustomerID` are one name: `customerid`."""
    return _DROPPED.sub("", name.lower())
