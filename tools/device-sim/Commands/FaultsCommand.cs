using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>faults [--kind KIND] [--json]</c>: the table of faults.</summary>
internal static class FaultsCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Make(Terminal terminal)
    {
        var kind = new Option<string?>("--kind") { Description = "only those that a device of this kind can have" };
        kind.AcceptOnlyFromAmong([.. Devices.Kinds]);
        var json = new Option<bool>("--json") { Description = "one JSON object on stdout" };
        var command = new Command("faults", "list what --fault can make wrong, what a right server answers, and the section that says so") { kind, json };
        command.SetAction(parsed =>
        {
            var faults = FaultTable.All.Where(fault => parsed.GetValue(kind) is not { } wanted || fault.Kinds.Contains(wanted)).ToList();
            if (parsed.GetValue(json))
            {
                terminal.Data(Json(faults).ToJsonString(Indented));
            }
            else
            {
                Write(terminal, faults);
            }

            return Exit.Done;
        });
        return command;
    }

    private static void Write(Terminal terminal, IReadOnlyList<Fault> faults)
    {
        foreach (var group in faults.GroupBy(Heading))
        {
            terminal.Data(group.Key);
            foreach (var fault in group)
            {
                terminal.Data($"  {fault.Name,-38} {fault.Description}{Needs(fault)}");
                terminal.Data($"  {"",-38} {fault.Section}: {fault.Expected}");
            }
        }
    }

    private static string Heading(Fault fault) => fault.Kinds.Count == Devices.Kinds.Count ? "every kind"
        : fault.Kinds.SequenceEqual(Devices.Kinds.Except([ServerHost.KindName])) ? "every kind but server"
        : string.Join(", ", fault.Kinds);

    private static string Needs(Fault fault) => fault.Needs switch
    {
        Need.ExternalAccount => " (needs --eab-key-id and --eab-key)",
        Need.SingleUseAccount => " (needs a key of an external account that is good for one account)",
        Need.TermsOfService => " (where there are terms of service)",
        Need.DeviceAcme => " (DeviceAcme alone)",
        Need.SoftwareTpm => " (with --tpm swtpm)",
        _ => "",
    };

    private static JsonObject Json(IEnumerable<Fault> faults) => new()
    {
        ["faults"] = new JsonArray([.. faults.Select(fault => (JsonNode)new JsonObject
        {
            ["name"] = fault.Name,
            ["area"] = fault.Area switch
            {
                FaultArea.Evidence => "evidence",
                FaultArea.AttestationCa => "attestation-ca",
                _ => "protocol",
            },
            ["kinds"] = Texts(fault.Kinds),
            ["description"] = fault.Description,
            ["section"] = fault.Section,
            ["needs"] = fault.Needs switch
            {
                Need.ExternalAccount => "external-account",
                Need.SingleUseAccount => "single-use-account",
                Need.TermsOfService => "terms-of-service",
                Need.DeviceAcme => "deviceacme",
                Need.SoftwareTpm => "swtpm",
                _ => null,
            },
            ["expected"] = Json(fault.Expected),
        })]),
    };

    public static JsonObject Json(Expectation expected) => new()
    {
        ["problems"] = Texts(expected.Problems),
        ["status"] = expected.Status,
        ["reason"] = expected.Reason,
        ["classes"] = Texts(expected.Classes),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)JsonValue.Create(text))]);
}
