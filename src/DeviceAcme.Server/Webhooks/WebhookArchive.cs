using System.Text;
using System.Text.Json;
using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Webhooks;

/// <summary>Which deliveries are asked for.</summary>
internal sealed record DeliveryFilter(Page Page, string? Profile, string? Webhook, string? Order, string? Outcome, IReadOnlyList<string>? Within);

/// <summary>Webhooks and their deliveries, for administrators.</summary>
internal sealed class WebhookArchive(AcmeDb db, ProfileCatalog profiles, WebhookCalls calls, SecretFolder secrets, TimeProvider time)
{
    /// <summary>The webhooks of the profiles in force.</summary>
    public async Task<WebhookListing> List(AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var entries = new List<WebhookEntry>();
        foreach (var profile in profiles.All.Where(profile => caller.MayUse(profile.Name)))
        {
            foreach (var rule in profile.Webhooks)
            {
                var last = await context.WebhookDeliveries.Where(row => row.Profile == profile.Name && row.Webhook == rule.Name).OrderByDescending(row => row.Sequence).FirstOrDefaultAsync(cancellation);
                var circuit = calls.CircuitOf(profile, rule);
                entries.Add(new WebhookEntry
                {
                    Profile = profile.Name,
                    Name = rule.Name,
                    Url = rule.Url.AbsoluteUri,
                    At = rule is { AtChallenge: true, AtFinalize: true } ? "both" : WebhookBody.NameOf(rule.AtChallenge ? WebhookEvent.Challenge : WebhookEvent.Finalize),
                    OnFailure = rule.AllowOnFailure ? "allow" : "refuse",
                    Timeout = (int)rule.Timeout.TotalSeconds,
                    Retries = rule.Retries,
                    Problem = secrets.ProblemOf(rule),
                    Circuit = new WebhookCircuit { State = circuit.Name, Failures = circuit.Failures, OpenSince = circuit.OpenSince, OpenUntil = circuit.OpenUntil },
                    Last = last is null ? null : Entry(last),
                });
            }
        }

        return new WebhookListing { Webhooks = entries };
    }

    /// <summary>One page of deliveries, newest first.</summary>
    public async Task<WebhookDeliveryPage> List(DeliveryFilter filter, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var rows = context.WebhookDeliveries.AsQueryable();
        rows = filter.Profile is { } profile ? rows.Where(row => row.Profile == profile) : rows;
        rows = filter.Within is { } within ? rows.Where(row => within.Contains(row.Profile)) : rows;
        rows = filter.Webhook is { } webhook ? rows.Where(row => row.Webhook == webhook) : rows;
        rows = filter.Outcome is { } outcome ? rows.Where(row => row.Outcome == outcome) : rows;
        if (filter.Order is { } text)
        {
            var order = new OrderId(text);
            rows = rows.Where(row => row.Order == order);
        }

        rows = filter.Page.Behind is { Number: var sequence } ? rows.Where(row => row.Sequence < sequence) : rows;
        var found = await rows.OrderByDescending(row => row.Sequence).Take(filter.Page.Rows).ToListAsync(cancellation);
        var (shown, next) = filter.Page.Cut(found, row => Place.Of(row.Sequence));
        return new WebhookDeliveryPage { Deliveries = [.. shown.Select(Entry)], Next = next };
    }

    /// <summary>One delivery with its bodies.</summary>
    public async Task<WebhookDeliveryRecord> Show(string id, AdminCaller caller, CancellationToken cancellation) => Record(await Require(id, caller, cancellation));

    /// <summary>Fires a webhook with a made-up device.</summary>
    public async Task<WebhookDeliveryRecord> Try(string profileName, string name, AdminCaller caller)
    {
        caller.RequireProfile(profileName);
        var profile = profiles.Find(profileName)
            ?? throw Problems.Malformed("profile-unknown", $"path: no profile of this name is in force; {NearestName.Hint(Shown(profileName), [.. profiles.All.Select(known => known.Name).Where(caller.MayUse)])}", StatusCodes.Status404NotFound);
        var rule = RuleOf(profile, name)
            ?? throw Problems.Malformed("webhook-unknown", $"path: profile {profile.Name} has no webhook of this name; {NearestName.Hint(Shown(name), [.. profile.Webhooks.Select(known => known.Name)])}", StatusCodes.Status404NotFound);
        return await Keep(await calls.Try(profile, rule), "webhook.tested", caller);
    }

    /// <summary>Sends a delivery again.</summary>
    public async Task<WebhookDeliveryRecord> Replay(string id, AdminCaller caller, CancellationToken cancellation)
    {
        var earlier = await Require(id, caller, cancellation);
        if (earlier.Request is null)
        {
            throw Problems.Malformed("webhook-body-not-kept", $"path: the body of this delivery is not kept: profile {earlier.Profile} keeps no verdicts", StatusCodes.Status409Conflict);
        }

        return profiles.Find(earlier.Profile) is { } profile && RuleOf(profile, earlier.Webhook) is { } rule
            ? await Keep(await calls.Replay(profile, rule, earlier), "webhook.replayed", caller)
            : throw Problems.Malformed("webhook-gone", $"path: profile {earlier.Profile} has no webhook {earlier.Webhook} any more", StatusCodes.Status409Conflict);
    }

    private static WebhookRule? RuleOf(CertificateProfile profile, string name) => profile.Webhooks.FirstOrDefault(rule => rule.Name == name);

    private async Task<WebhookDeliveryRecord> Keep((WebhookOutcome Outcome, StoredDelivery Row) made, string kind, AdminCaller caller)
    {
        var row = made.Row;
        await db.Commit(
            context =>
            {
                context.WebhookDeliveries.Add(row);
                context.Record(new AuditEvent
                {
                    At = time.GetUtcNow(),
                    Kind = kind,
                    Actor = caller.Name,
                    Profile = row.Profile,
                    Detail = $"{row.Webhook}: {row.Outcome}{(row.Reason is null ? "" : $" ({row.Reason})")}, delivery {row.Id}{(row.ReplayOf is null ? "" : $", that was {row.ReplayOf}")}",
                });
            },
            CancellationToken.None);

        // what the profile does not keep is told once, to who asked for it
        return Record(row, made.Outcome.Request, made.Outcome.Body);
    }

    private async Task<StoredDelivery> Require(string id, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var found = await context.WebhookDeliveries.FirstOrDefaultAsync(row => row.Id == id, cancellation)
            ?? throw Problems.Malformed("delivery-unknown", "path: there is no delivery of this id; it may have been dropped when its time was over", StatusCodes.Status404NotFound);
        caller.RequireProfile(found.Profile);
        return found;
    }

    private static WebhookDeliveryRecord Record(StoredDelivery row, byte[]? request = null, byte[]? answer = null)
    {
        var entry = Entry(row);
        var body = row.Answer ?? answer;
        return new WebhookDeliveryRecord(entry)
        {
            Request = (row.Request ?? request) is { } asked ? JsonElement.Parse(asked) : null,
            Answer = body is null ? null : Encoding.UTF8.GetString(body),
            Attributes = row.Outcome == WebhookCalls.Failed || body is null ? null : WebhookAnswer.Parse(body).Attributes.ToDictionary(attribute => attribute.Key, attribute => attribute.Value.ToString()),
        };
    }

    private static WebhookDeliveryEntry Entry(StoredDelivery row) => new()
    {
        Id = row.Id,
        At = row.At,
        Profile = row.Profile,
        Webhook = row.Webhook,
        Url = row.Url,
        Event = row.Event,
        Purpose = row.Purpose,
        ReplayOf = row.ReplayOf,
        Account = row.Account?.Value,
        Order = row.Order?.Value,
        Authorization = row.Authorization?.Value,
        Device = row.Device?.Value,
        Outcome = row.Outcome,
        Reason = row.Reason,
        Detail = row.Detail,
        Status = row.Status,
        Attempts = row.Attempts,
        Duration = row.Duration,
    };

    private static string Shown(string name) => name.Length > 63 ? name[..63] : name;
}
