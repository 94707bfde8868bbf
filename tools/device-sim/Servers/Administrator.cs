using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Servers;

/// <summary>What an administrator of a DeviceAcme does in scenarios and for trials, over its admin API (docs/admin-api.md).</summary>
internal sealed class Administrator(HttpClient server) : IDisposable
{
    private const int LongestToken = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="url">The admin listener.</param>
    /// <param name="tokenFile">File with the token.</param>
    /// <param name="handler">For a listener with TLS.</param>
    public static Administrator At(string url, string tokenFile, HttpMessageHandler handler)
    {
        var file = new FileInfo(tokenFile);
        if (!file.Exists || file.Length > LongestToken)
        {
            throw new SimulatorException($"no token of an administrator in {tokenFile}", "--admin-token-file names it; the server's own is admin.token in its data directory");
        }

        var http = new HttpClient(handler) { BaseAddress = new Uri(url.TrimEnd('/') + "/admin/v1/"), Timeout = Patience };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(tokenFile).Trim());
        return new Administrator(http);
    }

    /// <summary>The device of the ledger that has this identifier; null where there is none.</summary>
    public async Task<DeviceEntry?> Find(string kind, string value, CancellationToken cancellation)
    {
        var found = await Ask(HttpMethod.Get, $"devices?identifier={Uri.EscapeDataString(value)}", null, AdminJson.Default.DeviceList, cancellation);
        return found.Devices.FirstOrDefault(device => device.Identifiers.TryGetValue(kind, out var values) && values.Contains(value));
    }

    public Task<DeviceEntry> Expect(NewDevice device, CancellationToken cancellation) =>
        Ask(HttpMethod.Post, "devices", JsonSerializer.SerializeToUtf8Bytes(device, AdminJson.Default.NewDevice), AdminJson.Default.DeviceEntry, cancellation);

    /// <param name="id">Of the ledger.</param>
    /// <param name="move"><c>block</c>, <c>unblock</c>, <c>quarantine</c> or <c>retire</c>.</param>
    /// <param name="because">For the history.</param>
    /// <param name="revoke">Its certificates are revoked too.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public Task<DeviceChange> Move(string id, string move, string? because, bool revoke, CancellationToken cancellation) => Ask(
        HttpMethod.Post, $"devices/{id}/{move}", JsonSerializer.SerializeToUtf8Bytes(new DeviceMove { Reason = because, Revoke = revoke }, AdminJson.Default.DeviceMove), AdminJson.Default.DeviceChange, cancellation);

    public Task<TicketEntry> NewTicket(NewTicketRequest ticket, CancellationToken cancellation) =>
        Ask(HttpMethod.Post, "tickets", JsonSerializer.SerializeToUtf8Bytes(ticket, AdminJson.Default.NewTicketRequest), AdminJson.Default.TicketEntry, cancellation);

    public Task RevokeTicket(string id, string? because, CancellationToken cancellation) => Ask(
        HttpMethod.Post, $"tickets/{id}/revoke", JsonSerializer.SerializeToUtf8Bytes(new TicketRevocation { Reason = because }, AdminJson.Default.TicketRevocation), cancellation);

    public Task Approve(string order, string? because, CancellationToken cancellation) =>
        Ask(HttpMethod.Post, $"orders/{order}/approve", JsonSerializer.SerializeToUtf8Bytes(new OrderApproval { Comment = because }, AdminJson.Default.OrderApproval), cancellation);

    public Task Refuse(string order, string because, CancellationToken cancellation) =>
        Ask(HttpMethod.Post, $"orders/{order}/refuse", JsonSerializer.SerializeToUtf8Bytes(new OrderRefusal { Reason = because }, AdminJson.Default.OrderRefusal), cancellation);

    public void Dispose() => server.Dispose();

    private async Task<T> Ask<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            return JsonSerializer.Deserialize(await Ask(method, path, body, cancellation), type) ?? throw new SimulatorException($"{path}: the server answered null");
        }
        catch (JsonException fault)
        {
            throw new SimulatorException($"{server.BaseAddress}{path} answered something else than expected: {fault.Message}", "is --admin the admin listener of a DeviceAcme?");
        }
    }

    private async Task<byte[]> Ask(HttpMethod method, string path, byte[]? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        try
        {
            using var answer = await server.SendAsync(request, cancellation);
            var text = await answer.Content.ReadAsByteArrayAsync(cancellation);
            return answer.IsSuccessStatusCode ? text : throw new RefusedException(Refusal(path, (int)answer.StatusCode, text));
        }
        catch (HttpRequestException fault)
        {
            throw new SimulatorException($"no answer of {server.BaseAddress}: {fault.Message}", "--admin names the server's admin listener");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new SimulatorException($"{server.BaseAddress}{path}: no answer within {Patience.TotalSeconds:0} s");
        }
    }

    // what is no problem document is a proxy's, or a program's that is no DeviceAcme
    private static Outcome Refusal(string path, int status, byte[] body)
    {
        var problem = Read(body);
        return new Outcome(
            $"admin {path}", status, problem?.Type.Replace(Problems.Namespace, "", StringComparison.Ordinal) ?? "(no problem document)", problem?.Reason, problem?.Detail ?? $"HTTP status {status}");
    }

    private static Problem? Read(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, AcmeJson.Default.Problem);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
