using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Enrollment;

namespace DeviceAcme.Simulator.Trials;

/// <summary>How the rows of protocol faults are written.</summary>
internal static class Row
{
    public static Fault Of(string name, string section, string description, Expectation expected, Func<Trial, Task<Outcome>> play) => new()
    {
        Name = name,
        Area = FaultArea.Protocol,
        Kinds = Devices.Kinds,
        Section = section,
        Description = description,
        Expected = expected,
        Play = play,
    };

    /// <summary>The same for hosts, which order dns or ip identifiers.</summary>
    public static Fault OfHosts(this Fault row) => row with { Kinds = [ServerHost.KindName] };

    /// <summary>The same for devices with evidence.</summary>
    public static Fault OfDevices(this Fault row) => row with { Kinds = [.. Devices.Kinds.Except([ServerHost.KindName])] };

    /// <summary>The same where the directory is like this.</summary>
    public static Fault Where(this Fault row, Need need) => row with { Needs = need };

    public static Expectation Refused(string problem, string reason, int? status = null, params string[] others) => Expectation.Refused(problem, reason, status, others);

    public static byte[] Octets(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Octets(JsonNode json) => Octets(json.ToJsonString());

    /// <summary>The payload of newOrder.</summary>
    public static JsonObject Order(IEnumerable<AcmeIdentifier> identifiers, string? profile = null)
    {
        var order = new JsonObject { ["identifiers"] = new JsonArray([.. identifiers.Select(identifier => Json(identifier))]) };
        if (profile is not null)
        {
            order["profile"] = profile;
        }

        return order;
    }

    public static JsonNode Json(AcmeIdentifier identifier) => new JsonObject { ["type"] = identifier.Type, ["value"] = identifier.Value };

    /// <summary>newOrder with one thing wrong in its request.</summary>
    public static async Task<Outcome> OrderRequest(this Trial trial, Action<WireRequest> wrong)
    {
        var client = await trial.Registered();
        var request = await trial.Request("newOrder", (await client.Directory(trial.Cancellation)).NewOrder, Octets(Order(trial.Device.Identifiers, trial.Profile)));
        wrong(request);
        return await trial.Send(request);
    }

    /// <summary>newOrder with another payload.</summary>
    public static Task<Outcome> OrderPayload(this Trial trial, byte[] payload) => trial.OrderRequest(request => request.Payload = payload);

    /// <summary>newOrder with something wrong in its payload.</summary>
    public static Task<Outcome> OrderPayload(this Trial trial, Action<JsonObject> wrong)
    {
        var order = Order(trial.Device.Identifiers, trial.Profile);
        wrong(order);
        return trial.OrderPayload(Octets(order));
    }

    /// <summary>newOrder for one identifier.</summary>
    public static Task<Outcome> OrderOf(this Trial trial, string type, string value) => trial.OrderPayload(Octets(Order([new AcmeIdentifier(type, value)], trial.Profile)));

    /// <summary>newAccount with one thing wrong.</summary>
    public static async Task<Outcome> AccountRequest(this Trial trial, Action<WireRequest> wrong)
    {
        var request = await trial.KeyedRequest("newAccount", (await trial.Client.Directory(trial.Cancellation)).NewAccount, Octets("""{"termsOfServiceAgreed":true}"""));
        wrong(request);
        return await trial.Send(request);
    }

    /// <summary>finalize of an order that is ready, with another CSR.</summary>
    public static async Task<Outcome> Finalize(this Trial trial, Func<byte[]> csr)
    {
        var order = await trial.Ready();
        return await trial.FinalizeOf(order.Value, csr());
    }

    public static Task<Outcome> FinalizeOf(this Trial trial, OrderObject order, byte[] csr) =>
        trial.Post("finalize", order.Finalize, Octets(new JsonObject { ["csr"] = Protocol.Jose.Base64Url.Encode(csr) }));
}
