using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>Payloads that are no right JSON, or not the object that is due (RFC 8555 §6.1, RFC 8259).</summary>
internal static class PayloadFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        Of("payload-not-json", "RFC 8259 §2", "the payload is cut short", Refused("malformed", "json-invalid"), trial => trial.OrderPayload(Octets("""{"identifiers":["""))),
        Of("payload-not-an-object", "RFC 8555 §7.4", "the payload is a list", Refused("malformed", "json-no-object"), trial => trial.OrderPayload(Octets("[]"))),
        Of("payload-with-byte-order-mark", "RFC 8259 §8.1", "the payload begins with a byte order mark", Refused("malformed", "json-byte-order-mark"),
            trial => trial.OrderPayload([0xEF, 0xBB, 0xBF, .. Octets(Order(trial.Device.Identifiers))])),
        Of("payload-not-utf8", "RFC 8555 §5", "the payload is in Latin-1", Refused("malformed", "json-not-utf8"),
            trial => trial.OrderPayload([.. "{\"profile\":\""u8, 0xE9, .. "\"}"u8])),
        Of("payload-deeply-nested", "RFC 8259 §9", "lists within lists", Refused("malformed", "json-invalid"),
            trial => trial.OrderPayload(Octets($$"""{"identifiers":{{new string('[', 500)}}{{new string(']', 500)}}}"""))),
        Of("member-twice", "RFC 8259 §4", "a member stands twice", Refused("malformed", "json-duplicate-member"),
            trial => trial.OrderPayload(Octets($$"""{"identifiers":[],{{Order(trial.Device.Identifiers).ToJsonString()[1..]}}"""))),
        Of("half-a-character", "RFC 8259 §8.2", "a text has half of a surrogate pair", Refused("malformed", "json-lone-surrogate"),
            trial => trial.OrderPayload(Octets("""{"identifiers":[{"type":"permanent-identifier","value":"\ud800"}]}"""))),
        Of("member-of-wrong-type", "RFC 8555 §7.4", "identifiers is a text", Refused("malformed", "json-wrong-type"), trial => trial.OrderPayload(order => order["identifiers"] = "all")),
        Of("missing-member", "RFC 8555 §7.4", "identifiers is not there", Refused("malformed", "json-missing-member"), trial => trial.OrderPayload(order => order.Remove("identifiers"))),
        Of("no-identifiers", "RFC 8555 §7.4", "identifiers is an empty list", Refused("malformed", "json-empty-array"), trial => trial.OrderPayload(order => order["identifiers"] = new JsonArray())),
        Of("too-many-identifiers", "RFC 8555 §7.4", "an order of 101 identifiers", Refused("malformed", "json-too-many-items"),
            trial => trial.OrderPayload(Octets(Order(Enumerable.Range(0, 101).Select(number => new AcmeIdentifier(AcmeIdentifier.Dns, $"host{number}.example")))))).Where(Need.DeviceAcme),
        Of("text-too-long", "RFC 8555 §7.4", "an identifier of 3000 characters", Refused("malformed", "json-text-too-long", null, "rejectedIdentifier"),
            trial => trial.OrderOf(trial.Device.Identifiers[0].Type, new string('x', 3000))),
        Of("time-not-rfc3339", "RFC 8555 §7.4", "notAfter is the word tomorrow", Refused("malformed", "json-wrong-time"), trial => trial.OrderPayload(order => order["notAfter"] = "tomorrow")),
    ];
}
