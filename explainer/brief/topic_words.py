"""The words by which what a question is about is recognised.

Rule: words are tried on the whole question, whatever their case; a question may be about several topics.
"""

import re

from explainer.brief.topics import Topic

WORDS = {
    Topic.TLS: r"\b(tls|ssl|https|certificates?|certs?|cipher\w*|ssl/tls|x\.?509)\b",
    Topic.SLOWNESS: r"\bhow long (?:does|did|do|is|was) (?!.*\bhandshake).{1,40}\b(?:take|answer|respond|wait)\b"
    r"|\b(slow\w*|sluggish|lags?|laggy|take[sn]? (ages|(so |too |very )?long|\d+ ?s\w*)|throughput"
    r"|bottleneck|stall\w*|freez\w*|performance|choppy|hung(?! up)|wait\w*"
    r"|network or (?:the )?\w+|or (?:the )?network|(?:fast|quick) enough|response times?|time to first byte"
    r"|how (?:fast|quick(?:ly)?|soon)\b.{0,40}\b(?:respon\w+|answer\w*|repl\w+|react\w*|start\w*)"
    r"|(?:delays?|latency)\b.{0,20}\b(?:come|from|caus\w+)|caus\w+ (?:\w+ )?(?:delays?|latency))\b",
    Topic.LOSS: r"\b(lost|loss(es)?|lossy|unreliable|quality|retransmi\w*|re-?sent|dropped|los(?:e|es|ing)"
    r"|(?:sends?|sent|transmitted) (?:\w+ )?(?:twice|again|repeatedly)"
    r"|drop(?:s|ping)? (?:\w+ ){0,2}(?:packets?|frames?|segments?|traffic)|packets? (?:\w+ ){0,2}drop\w*"
    r"|dup(?:licate)? ?acks?|out.of.order)\b",
    Topic.RESETS: r"\b(reset(?:s|ting)?|rsts?|(?:hung|hangs?) up|cut off|disconnect\w*)\b",
    Topic.SILENCE: r"\b(never|not?|without|n.t)\b.{0,20}\b(answer|respon|repl)\w*|\b(down|hangs?|unreachable)\b",
    Topic.COVERAGE: r"\b(duplicat\w*(?! acks?)|(?<!sent )twice|cop(y|ies)|retransmissions|(one|both) directions?"
    r"|asymmetric\w*)\b",
    Topic.SUSPICION: r"\b(scan\w*|guess\w*|attack\w*|doing|suspicious|intru\w+|prob(?:ed|ing)|mal(?:ware|icious)"
    r"|(?<!readiness )(?<!liveness )(?<!startup )(?<!health )probes?(?! (?:fail|time))"
    r"|tr(?:y|ies|ying) (?:\w+ )?passwords?|virus\w*|trojans?|infect\w+"
    r"|smuggl\w+|exfiltrat\w+|covert\w*|siphon\w*|leak(?:s|ed|ing|age)?|steal\w*"
    r"|compromis\w+|hack\w*|spy\w*|hijack\w*|exploit\w*|poison\w*|spoof\w*|flood\w*|brute|stolen)\b",
    Topic.OUTCOME: r"^(?!\s*why\b).*\b(succe\w+|complet(e|ed)|finish\w*|mounted|registered|established"
    r"|(go|went|goes) well|did .*\bwork|accepted"
    r"|did .{0,40}\b(?:load|open|arrive|register|go through|come through|get there|end well)"
    r"|deliver\w*|granted|assigned|let in|(gets?|got) (an?|the|its|connected|through|in(?:to)?)\b"
    r"|(log(s|ged)?|sign(s|ed)?) in)\b"
    r"|^(?!.*\b(?:which|what|how)\b).*\b(?:was|were)\b.{0,40}\b(?:(?:down|up)?loaded|fetched|transferred)\b"
    r"|^\s*(?:did|has|have|was|were|does|do)\b(?!.*\b(?:which|what|how|passw\w+|clear|encrypt\w*|secrets?|lost)\b)"
    r".*\b(?:load(?:s|ed)?|arrive[sd]?|reach(?:es|ed)?|sen[dt]|post(?:s|ed)?|join(?:s|ed)?"
    r"|(?:come|came|go|went)s? (?:up|through))\b"
    r"|^(?:does|do|did|is|are|can|could|was|were|has|have)\b.{0,80}\b(?:works?|working|load(?:s|ed|ing)?|comes? up)\b"
    r"|^\s*(?:is|are) (?:the |our |my )?(?:d?tls|ssl|quic|http/3|dhcp|nfs|ntp|ssh|rdp|kerberos)"
    r" (?:\w+ )?(?:ok|okay|fine|healthy|in order)\b",
    # Who says that a login does not work asks why, not whether.
    Topic.LOGIN: r"^(?!.*(?:not|n't) work)"
    r"(?!.*\b(?:encrypt\w*|visible|clear|secur\w*|read\w*|sniff\w*|protect\w*|plain\w*|slow\w*|page|how"
    r"|why|which|who|what|whose|when|where|guess\w*|brute)\b)"
    r"(?=.*\b(?:(?:log|sign)(?:s|ged|ed|ging|ing)?[ -]?(?:in|on)s?|authenticat\w*|credentials?|[lg][eo]t in|binds?"
    r"|(?:pass(?:word|phrase)|user) .{0,20}\b(?:accepted|correct|right|wrong|valid|ok))\b)"
    r".*(?:^\s*(?:was|were|is|are|did|does|do|has|have|had|could|can|any)\b(?!')"
    r"|\b(?:succe\w+|work\w*|accepted|ok|or not)\b)",
    Topic.CLOCK: r"\b(ntp|stratum|(?:time|clocks?) ?(?:servers?|sync\w*)|synchroni[sz]\w*|clocks?)\b",
    Topic.NO_IPV6: r"(?:\bnot?\b|n't\b|\bnever\b).{0,30}\bip ?v6\b|\bip ?v6\b.{0,15}(?:\bnot\b|n't\b|\bnever\b)"
    r"|\bwithout ip ?v6\b",
    Topic.TREE: r"\b(r?stp|spanning.?tree|root bridge|root switch|(?:bridge|switch) is (?:the )?root"
    r"|topology changes?)\b",
    Topic.RTT: r"\b(how long .{0,25}\b(?:handshakes?|set.?up|to connect)"
    r"|what is (?:the|my) ping|rtt|round[- ]?trips?|latency|latencies|ping times?|delays?)\b",
    Topic.PORTS: r"\bports?\b",
    Topic.PROTOCOLS: r"\b(protocols?|hierarchy|http/?[123]|http versions?)\b",
    Topic.ALERTS: r"\balerts?\b",
    Topic.SEGMENT_SIZE: r"\b(mss|mtu|(?:packet|segment) sizes?"
    r"|packets .{0,40}\b(?:small|large|big|tiny)|(?:small|tiny|large|big|long) (?:packets|ones|pages"
    r"|files|downloads|answers|uploads|requests|(?:e-?)?mails?|messages|attachments|posts|queries)"
    r"|how (?:big|large|long|small) .{0,20}segments?"
    r"|in (?:several|many|multiple|two|three|\d+) (?:packets|segments|pieces|parts|frames)"
    r"|split up|(?:is|are|was|were|gets?) (?:\w+ ){0,2}split)\b",
    # Whether one was guessed, the attempts tell, not whether it can be read.
    Topic.PASSWORDS: r"^(?!.*\b(?:is it (?:my|the|his|her|our)|it'?s"
    r"|guess|brute.?forc|correct\b|wrong\b|right\b|accepted|rejected|valid\b|expired"
    r"|need\w*|requir\w*|wants?\b|try|tries|trying))"
    r".*"
    r"\b(passwords?|passwd|passphrases?|credentials?|clear.?text|plain.?text|secrets?|sniff\w*)\b",
    Topic.RISKS: r"\b(normal|unusual|odd|strange|unwanted|forbidden|allowed|policy|risk\w*|danger\w*|insecure|unsafe"
    r"|secur(?:e|ity)|outdated|obsolete|exposed|up.to.date"
    r"|across the internet|from outside|mal(?:ware|icious)|tunnels?"
    r"|min(?:ing|ers?)|file.?sharing|peer.?to.?peer|p2p|(?:bit ?)?torrents?)\b",
    Topic.FILES: r"^(?!\s*(?:is|are) .*\b(?:ok(?:ay)?|fine|healthy|well|all right)\b).*"
    r"\b(files?(?!.?sharing)|(?:get|post|put|http|web) requests?|upload\w*|download\w*|document\w*"
    r"|exfiltrat\w*|transferred|shares?|urls?)\b",
    Topic.ACCOUNTS: r"\b(accounts?|user ?names?|users?|log(ged|s|ging)?[ -]?(in|on)s?|logins?|credentials?)\b",
    Topic.APPLICATIONS: r"\b(e?-?mails?|smtp|imap|pop3?|mailbox|ftp|log(ged|s|ging)?[ -]?(in|on)s?|sign(ed)?[ -]in"
    r"|logins?|databases?|postgres\w*|mysql|mariadb|sql|redis|ldap|kerberos|directory|smb|shares?|ssh|radius|sip"
    r"|phones?|calls?"
    r"|ntp|clocks?|prox(?:y|ies)|socks\d?|bgp|modbus|bacnet|s7|enip|cip|iec.?104|gtp|pfcp|smpp|sms|mgcp|isup|ldp|pptp"
    r"|diameter|nfs|mount\w*|wi-?fi|wireless|wlan"
    r"|rdp|remote desktops?|vnc|snmp|printers?)\b",
    Topic.BLAME: r"\b((?:is|was) (?:it|this|that) (?:\w+ )?(?:the|my|our) (?:network|servers?|clients?|line|internet)"
    r"|network or|server or|client or|or the (network|server|client)"
    r"|whose fault|our (server|network|fault))\b",
    Topic.CARRIERS: r"\b(encapsulat\w*|carried|tunnel\w*|vlans?|vxlan|gre|mpls|geneve|wrapped|vni"
    r"|(?:un)?tagged|trunk|802\.1q)\b",
    Topic.PINGS: r"\b(ping(s|ed|ing)?|icmp(v6)?|trace ?routes?|ttl|hops?|is .{0,40}\b(up|down|alive))\b"
    r"|\bthe (?:route|path)(?: to\b|$)|\bpath ends?\b|\b(?:routers?|hosts?) (?:are |is )?on the way\b"
    r"|\bwhich way (?:do|does|did)\b",
    Topic.REACH: r"\breach\w*|^\s*(?:can|could|is|was|does|did)\b.*\b(?:connect(?:s|ed)?|accessible)\b",
    Topic.ADDRESSES: r"\b(dhcp\w*|ipv6|(ip |no |an )?address(es)?|leases?|arp|gateway|slaac|router|spoof\w*)\b",
    Topic.TUNNELS: r"\b(vpns?|tunnels?|ipsec|ike(v2)?|wireguard|openvpn)\b",
    Topic.FRAGMENTS: r"\bfragment(?:s|ed|ation)?\b",
    Topic.ROUTING: r"\b(ospf|adjacenc\w*|neighbou?r(?:s|ing|ship|ed)?)\b",
    Topic.CLOSING: r"\b(who|which (?:side|host|one)|what)\b.{0,30}\b(clos\w+|end(?:s|ed)|terminat\w+|disconnect\w*"
    r"|hung up|hangs up|reset)\b"
    r"|\b(?:connections?|sessions?|downloads?|uploads?|transfers?)\b.{0,20}\b(?:end(?:s|ed)?|closed?|closes|stop\w*"
    r"|terminat\w+|abort\w*|break(?:s|ing)?|broke(?:n off)?|interrupt\w*)\b|\bdisconnect\w*"
    r"|\b(?:clos(?:e|es|ing)|end(?:s|ing)?|terminat\w+)(?: \w+){0,2} (?:connections?|sessions?)\b",
    Topic.STATUS: r"^(?!\W*(?:what'?s? (?:is )?(?:the )?)?status\W*$).*\bstatus(?: codes?)?\b"
    r"|^(?!.*\b(?:routers?|icmp|routes?|gateways?)\b).*\bredirect\w*"
    r"|\bhttp (?:errors?|codes?)\b"
    r"|\b(?:why|error|code|http) (?:\w+ ){0,4}[1-5]\d\d\b(?!\.\d| ?m?s\b)"
    r"|(?<!\d\.)\b[1-5]\d\d (?:errors?|codes?|answers?)\b",
    Topic.FILE_STATE: r"\b(?:file|capture|trace|recording|pcap\w*)\b(?:(?!\band\b).){0,25}\b(?:damaged|cut|truncated"
    r"|corrupt\w*|whole|broken|intact|complete)\b"
    r"|\b(?:damaged|corrupt\w*|truncated|incomplete) (?:file|capture|trace|pcap)",
    Topic.TLS_STEPS: r"\bclient.?(?:certificates?|certs?|auth\w*)\b|\bmutual\b|\bmtls\b|\btwo.way (?:tls|ssl)\b"
    r"|\bclient\b.{0,25}\b(?:present|show|send)\w* (?:a|its|any|the) cert"
    r"|\bhello.?retry\w*|\b(?:two|second|2) client.?hellos?\b|\bclient.?hello (?:twice|again)\b"
    r"|\b0.?rtt\b|\bearly data\b|\bforward secrecy\b|\bpfs\b|\bephemeral\b"
    r"|\b(?:sessions?|handshakes?|tls|ssl|tickets?)\b.{0,40}\bresum\w+|\bfull (?:tls )?handshake\b"
    r"|\bcert(?:ificate)?s?\b.{0,40}\b(?:valid|expir(?:y|ation)|issued by|signed by|visible)\b"
    r"|\b(?:how long|until when|when)\b.{0,30}\bcert(?:ificate)?s?\b.{0,20}\b(?:valid|expire|run out)\b"
    r"|\b(?:who|which|what) (?:\w+ )?(?:issued|signed|issuer)\b|\bsee\b.{0,20}\bcertificate",
    Topic.NAMES: r"\b(who (asked|asks|looked|looks|queried)|asked for|look(ed|s|ing)?[ -]?ups?|resol\w+|dns|domains?"
    r"|host ?names?|quer(y|ies|ied))\b",
}
PLAIN = {
    Topic.TOPICS: r"\b(topics?|publish\w*|subscri\w*|(?:which|what) (?:\w+ )?brokers?)\b",
    Topic.SEARCHES: r"\b(search(?:es|ed|ing)?|looked for|looks for|directory|ldap)\b",
    Topic.MAILS: r"^(?!.*\b(?:mail|smtp|imap|pop3?) ?servers?\b)"
    r".*(?:\b(?:wr(?:ote|ites?|itten)|recipients?|senders?|mailbox(?:es)?|inbox|folders?)\b"
    r"|\b(?:who|whom|how many|which|what|list)\b.{0,30}\b(?:e?-?mails?|messages?|letters?)\b)",
    Topic.GROUPS: r"\b(multicast|igmp|iptv|groups?)\b",
    Topic.INTERFACES: r"\binterfaces?\b",
    Topic.CHANGES: r"\bwhat (?:changes|changed|is new|is different|begins|began|starts|started|stops|stopped)\b",
    Topic.CALLS: r"\bwho(?:m)?\b.{0,30}\bcall(?:s|ed|ing)?\b|\bhow long\b.{0,30}\b(?:calls?|telephone|phone)\b"
    r"|\b(?:which|how many|list)\b.{0,20}\bcalls?\b",
    Topic.SMB_VERSION: r"\b(smb|cifs)\b.{0,20}\b(versions?|dialects?)\b|\b(versions?|dialects?) of (smb|cifs)\b",
    Topic.GATEWAY: r"^(?!.*\bbehind\b).*\b(default |standard )?gateways?\b"
    r"|\b(ip|address|ips|which|who|what) (\w+ ){0,3}(the |our |my )?router\b"
    r"(?! (?:(?:re|drop|block|answer|hand|announce)\w+|g[ai]ve\w*))"
    r"|\brouter'?s? (ip|address)",
    Topic.LEASES: r"\bleases?\b|\bdhcp\b|\b(sub)?net ?masks?\b"
    r"|\b(gave|gives?|given|assign(s|ed)?|got|gets?)\b.{0,40}\baddress"
    r"|\baddress(?:es)?\b.{0,40}\b(?:gets?|got|gave|given|assigned|offered|leased)\b"
    r"|\b(?:dns|name)[ -]?(?:servers?|resolvers?)\b.{0,40}\b(?:gives?|gave|given|hand(?:s|ed)?|assigned|announced)\b",
    Topic.OWN_ADDRESS: r"\bmy (own )?(current |local |private )?(ip\b|(ip )?address)"
    r"|^\s*(?:which|what|who|where)\b.{0,30}\bmy (?:own )?(?:machine|computer|host)\b"
    r"|\b(?:who|where|which (?:\w+ )?\w+|what(?: \w+){0,2}) am i\b|\bwhere was (it|this) (recorded|captured|taken)\b",
    Topic.RATE: r"^(?!.*\b(most|who|whom|connection)\b)(?!.*\bhow fast\b.{0,30}\b(answer|repl|respon|connect|react))"
    r".*\b(how fast|bandwidth|throughput|speed"
    r"|(data|bit|transfer) ?rate|[kmg]?bits?(?:/s| per second)|[kmg]bps"
    r"|how long (did|does|do) .{0,30}(down|up)loads?)\b",
    Topic.COUNT: r"\b(how many|number of|count(?: the| of)?) (packets?|frames?)\b"
    r"|\bhow (big|large) is (the|this) (capture|file|trace|pcap\w*)",
    Topic.WHEN: r"\bhow long (is|does|was|did) (the|this) (capture|trace|recording|file|pcap\w*|dump)"
    r"|\b(duration|length) of (the|this) (capture|trace|recording|pcap\w*)|\bwhat (time|date|day)\b|\bwhich (date"
    r"|day)\b"
    r"|\bwhen (was|were|is|did|does)\b.{0,30}\b(captur|record|trace|taken|made|start|begin|end)",
    Topic.LENGTHS: r"\b(largest|biggest|longest|smallest|shortest|average|mean) (packets?|frames?)\b"
    r"|\bpacket lengths?\b",
    Topic.CONNECTIONS: r"\b(how many|number of|list|which|what) (different |tcp |udp |open |established )*"
    r"(connections?|conversations?|streams?|sessions?|flows?)\b",
    Topic.NAME_SERVER: r"^(?!.*\bwhat (?:did|does|do|was)\b.*\b(?:repl|answer|respon|say|said))"
    r".*\b(dns|name)[ -]?(servers?|resolvers?)\b|\bresolvers?\b",
    Topic.ADDRESS: r"\b(ip|ips|address(es)?)\b.{0,20}\b(of|for|does|has|is|behind)\b|\bresolves? to\b",
    Topic.TLS_DETAILS: r"\b(?:sessions?|handshakes?|tls|ssl|tickets?)\b.{0,40}\bresum\w+"
    r"|\bfull (?:tls )?handshake\b|\bech\b|\bencrypted client ?hello\b"
    r"|\b(tls|ssl) ?1\.[0-3]\b|\b(tls|ssl) versions?\b|\bversions? of (tls|ssl)\b|\bcipher|\bsni\b|\bserver name\b"
    r"|\balpn\b|\bja[34]\b"
    r"|\b(which|what|whose|who) .{0,25}\b(certificates?|issued|issuer)\b|\bkey exchange\b",
    Topic.SOFTWARE: r"^(?!.*\b(?:ok|okay|fine|healthy|well|up|works?|working|broken|wrong|problems?|slow)\b).*"
    r"\b(browsers?|user[- ]?agents?|software|banners?|programs?|applications?|apps?|tools?|products?)\b"
    r"|\b(which|what) (ssh |web |mail |http )?(client|server) (version|software|is it|runs?\b)|\bserver version"
    r"|\bssh version\b|\bversion of ssh\b",
    Topic.SYSTEM: r"\boperating systems?\b|\b(windows|linux|mac(os)?|android) (or|machine|host|client|server)\b"
    r"|\b(which|what) os\b",
    Topic.CARDS: r"\bmac\b|\bmacs\b|\b(hardware|ethernet) address|\bwho has\b(?! to)",
    Topic.ARP: r"\barps?\b",
    Topic.DEVICES: r"\b(lldp|cdp)\b|\b(?:which|what) (?:network )?(?:neighbou?rs|devices) (?:are|is)\b"
    r"|\b(which|what)\b.{0,20}\bswitch(?:es| ?ports?)?\b|\bswitch ?ports?\b",
    Topic.IN_USE: r"\b(?:in use|(?:is|are|was|were) .{1,40}\b(?:used|spoken|running))\b"
    r"|\bis there (?:any |some )?\w+ ?\w* here\b",
    Topic.IP_VERSION: r"^(?!.*\b(?:ok|okay|fine|healthy|work\w*|broken|wrong|problems?|routers?)\b).*\bip ?v[46]\b"
    r"|\bip version",
    Topic.ENCRYPTED: r"\b(?:un|non-?)?encrypt\w*|\bclear.?text\b|\bplain.?text\b|\bunprotected\b|\bin (the )?clear\b"
    r"|\bsecure\b|\bprivate\b|\bprotected\b|\bhttps? or https?\b",
    Topic.SITES: r"^(?!\s*(?:is|are|was|were)\b.*\b(?:ok(?:ay)?|fine|well|properly|correctly)\b).*"
    r"(?:\b(web ?sites?|web ?pages?|urls?|sites?|pages?)\b.{0,20}\b(visit|open|view|contact|request|ask"
    r"|load|call)"
    r"|\b(which|what) (web ?sites?|urls?|sites?|pages?|domains?)\b|\b(visit|brows|surf)(s|ed|es|ing)?\b)",
    Topic.VOLUME: r"\bhow much (?:was|is|did|does|has)\b"
    r"|\bhow (much|many) (data|traffic|bytes|megabytes|mb|kb)\b|\b(amount|volume) of (data|traffic)\b",
    Topic.DESTINATIONS: r"\b((?:us(?:es|ing)|eat(?:s|ing)|tak(?:es|ing)|hog\w*|consum\w+|fill\w*|caus\w+|generat\w+)"
    r"(?: \w+){0,4} (?:bandwidth|line|traffic|capacity|load)"
    r"|destinations?|top talkers?|(talks?|sends?|receives?|uses?|uploads?|downloads?) (the )?most|most (traffic"
    r"|data|packets|bytes)"
    r"|busiest|chattiest|who talks|(biggest|largest|heaviest|longest) (conversation|connection|flow|talker|sender"
    r"|download|host))\b",
    Topic.HOSTS: r"\b(which|what|how many|list|all)(?! (?:does|do|did|is|was|can|times)\b)"
    r"(?: (?!(?:does|do|did)\b)\w+){0,3}"
    r" (hosts?|servers?|machines?|computers?|devices?"
    r"|systems?|endpoints?"
    r"|peers?|ips|clients?|addresses)\b|\bwho (is|are|was|uses|used|visits|visited|access\w*)\b"
    r"|^\s*what (?:is|was|are) (?:the )?(?:ip |host |machine |device |address )?[\d:]\S*\.\d+\s*\??\s*$"
    r"|\b(talk|connect|speak)s?(ing|ed)? (to|with)\b"
    r"|\bcontact(s|ed)?\b"
    r"|\bwho (start|open|initiat)\w*|\bwhere does\b|\bip( address)? of the (server|client)",
    Topic.OVERVIEW: r"\bwhat (is|was|does|did) .{0,30}\b(sent|sends?|sending)\b"
    r"|\bdoing\b|\b(?:does|did) .{0,25}\bdo\b|\bused for\b|\bwhat(?:'s| is| runs) running\b"
    r"|\b(?:what|which) services? (?:(?:are|is|were|do|does) )?(?:\w+ )?(?:used|in use|run\w*|offered|spoken)\b"
    r"|\b(going on|happen(s|ing|e?d)?)\b|\bsummar|\boverview\b"
    r"|\bdescribe\b|\bexplain (this|the|what)"
    r"|\bwhat (can|do) (you|we|i) see\b|\b(what|tell) .{0,12}\b(in|about) (this|the) (capture|trace|file|pcap\w*)"
    r"|\bwhat (is|kind of|sort of|type of) (?:all )?(this|traffic|capture)\b|\bwhat traffic\b|\bwhat('s| is) (this|that"
    r"|it)\s*\??$",
}
"""What people ask for where nothing needs to have failed; a question about a fault is not answered by it."""
FAULT = re.compile(
    r"\b(why|faulty?|healthy|lacks?|missing|fails?|failed|failing|failures?|wrong"
    r"|problems?|errors?|broken?|breaks?|issues?|slow\w*|refus\w+|block\w*|cannot"
    r"|can't|tim(?:es?|ed|ing)[ -]?outs?|stuck|unreachable|freez\w*|stall\w*|gives? up"
    r"|offline|crash\w*|not found|in common|locked|(?:does|do|did|is) .{0,40}\bexist\w*"
    r"|(?:the|root|real|likely) (?:causes?|reasons?)|what caus\w+"
    r"|(?:not|no longer|never) (?:secure|private|trusted|safe|accessible|available|reachable|possible|responding)"
    r"|all the time|constantly|again and again|keeps? (?:clos|dropp|disconnect|fail|hang|ask)ing"
    r"|(?:is|are|was|were|went|goes|seems?|be) down|who(?:'s| is) right|(?:please|need|needs) help|help(?= *$| *!)"
    r"|out of date|expired|invalid|untrusted|unable|drop\w*|resets?|hangs?|rejects?|rejected"
    r"|not (?:work|load|open|connect|answer|react|respond|reply|resolv)\w*|(?:does|do) .{0,40}\bwork"
    r"|(?:doesn|don|isn|won)'t|(?:network|server|client|firewall|database|application|app) or (?:the |our |their )?\w+"
    r"|(?:delays?|latency)\b.{0,20}\bcome from|caus\w+ (?:\w+ )?(?:delays?|latency)"
    r"|to blame|responsible|at fault|ignore|guilty|attacked|hacked|since when"
    r"|(?:is|was|could|can) (?:it|this|that) (?:\w+ )?(?:be )?(?:the|my|our|your|a|an) (?:dns|name|firewall|network"
    r"|internet|wi-?fi|wlan|line|cable|router|servers?|clients?|browser|password|cert\w*|proxy|app\w*|database|site"
    r"|provider)|isn'?t it"
    r"|is (?:it|this|that) (?:bad|serious|critical|dangerous)|on (?:my|our) side"
    r"|whom? (?:has to|have to|must|should|shall|needs to)|whom (?:do|can)|bad"
    r"|what (?:do|must|should|can|shall) (?:i|we)|what (?:must|should|shall|has|have) the \w+(?: \w+)? (?:to )?do"
    r"|what does (?:the|my|our) \w+ (?:have|need) to|is (?:it|this|that) (?:\w+ )?(?:mtu|dns|routing|nat)"
    r"|how often (?:does|did|is|has) (?:it|this|that)|when did (?:it|this|that|the (?:problem|trouble|outage))"
    r"|affected|impacted|not (?:\w+ )?able|no (?:connection|access|internet|response)"
    r"|bounce\w*|what(?: has)? happened (?:to|with))\b|,\s*(?:right|correct)\s*\?"
    r"|^\s*(?:can|could) (?!.*\bpassw)(?!(?:i|we|you|one|any\w+|some\w+)\b.*\b(?:see|read|find|tell|check|decrypt)\b)"
    r".{1,60}\b(?:connect|reach|open|access|load|join|mount"
    r"|be (?:opened|reached|mounted|resolved|accessed|loaded))\b",
    re.IGNORECASE,
)
