using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Revocation;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tpm;

namespace DeviceAcme.Server.Ledger;

/// <summary>What administrators do with devices. Each is one commit with its events; CRLs follow it.</summary>
internal sealed class DeviceLedger(AcmeDb db, DeviceRecords records, AttestationKeyLedger attestationKeys, CrlPublisher crls, TimeProvider time)
{
    private const int LongestReason = 200;

    /// <summary>An event of a device as an administrator asks for it; null where it is none, and certificates alone are concerned.</summary>
    internal delegate AuditEvent? Step(Device device, DeviceMove move, string actor, DateTimeOffset now);

    /// <summary>Somebody expects a device.</summary>
    public async Task<DeviceEntry> Add(NewDevice wanted, AdminCaller caller, CancellationToken cancellation)
    {
        var keys = Keys("identifiers", wanted.Identifiers);
        var state = wanted.State is null ? DeviceState.Expected : DeviceStates.All.TryGetValue(wanted.State, out var known) ? known
            : throw Problems.Malformed("device-malformed", $"state: expected one of {string.Join(", ", DeviceStates.All.Keys)}; found '{wanted.State}'");
        if (keys.Count == 0)
        {
            throw Problems.Malformed("device-malformed", $"identifiers: expected at least one of {string.Join(", ", DeviceKey.Kinds)}");
        }

        var description = Description(wanted);
        var now = time.GetUtcNow();
        var id = await db.Commit(context =>
        {
            RequireFree(context, keys);
            var (device, happened) = Device.Expect(keys[0], description, state, caller.Name, now);
            context.Devices.Add(device);
            context.Name(device, keys);
            context.Record(happened);
            return device.Id;
        }, cancellation);
        return await records.Find(id, CancellationToken.None);
    }

    /// <summary>Describes a device anew.</summary>
    public async Task<DeviceEntry> Edit(DeviceId id, DeviceEdit wanted, IfMatch condition, AdminCaller caller, CancellationToken cancellation)
    {
        var (added, removed) = (Keys("addIdentifiers", wanted.AddIdentifiers), Keys("removeIdentifiers", wanted.RemoveIdentifiers));
        var description = Description(wanted);
        var now = time.GetUtcNow();
        await db.Commit(context =>
        {
            var device = Require(context, id, condition);
            var names = context.NamesOf([device])[device.Id].ToList();
            RequireFree(context, added.Except(names));
            context.Record(device.Edit(description, caller.Name, now));
            if (device.Rename(names, added, removed, caller.Name, now) is { } renamed)
            {
                context.Record(renamed);
                context.DeviceIdentifiers.RemoveRange(context.DeviceIdentifiers.Where(name => name.Device == id).AsEnumerable().Where(name => removed.Contains(new DeviceKey(name.Kind, name.Value))));
                context.Name(device, added);

                // its names are part of it: who read it before must read it again
                context.Entry(device).Property(row => row.Version).IsModified = true;
            }
        }, cancellation);
        return await records.Find(id, CancellationToken.None);
    }

    /// <summary>Takes a step with a device, and revokes its certificates where that is asked for.</summary>
    public async Task<DeviceChange> Take(Step step, DeviceId id, DeviceMove move, IfMatch condition, AdminCaller caller, CancellationToken cancellation)
    {
        if (move.Reason is { } reason && (reason.Length is 0 or > LongestReason || reason.Any(char.IsControl)))
        {
            throw Problems.Malformed("device-malformed", $"reason: expected 1 to {LongestReason} characters without control characters");
        }

        RevocationReasons.Require("revocationReason", move.RevocationReason);
        var now = time.GetUtcNow();
        var (certificates, keys, issuers) = await db.Commit(context =>
        {
            var device = Require(context, id, condition);
            if (move.Successor is { } successor && !context.Devices.Any(row => row.Id == new DeviceId(successor)))
            {
                throw Problems.Malformed("device-successor-unknown", $"successor: the ledger has no device '{successor}'", StatusCodes.Status409Conflict);
            }

            context.Record(step(device, move, caller.Name, now));
            return move.Revoke ? RevokeAll(context, device, move, caller, now) : ([], [], []);
        }, cancellation);
        attestationKeys.Distrust(keys);
        foreach (var issuer in issuers)
        {
            await crls.Publish(issuer);
        }

        return new DeviceChange { Device = await records.Find(id, CancellationToken.None), Revoked = certificates, RevokedAttestationKeys = keys };
    }

    private (IReadOnlyList<DeviceCertificateEntry> Certificates, IReadOnlyList<AttestationKeyEntry> Keys, IReadOnlyList<string> Issuers) RevokeAll(
        AcmeContext context, Device device, DeviceMove move, AdminCaller caller, DateTimeOffset now)
    {
        var certificates = context.Certificates.Where(row => row.Device == device.Id && row.RevokedAt == null && row.NotAfter > now).OrderBy(row => row.CreatedAt).ToList();
        foreach (var certificate in certificates)
        {
            context.Record(certificate.Revoke(move.RevocationReason, by: null, caller.Name, now));
        }

        var (keys, issuers) = attestationKeys.RevokeAll(context, device, move.RevocationReason, caller, now);
        context.Record(device.Revoked(certificates.Count, keys.Count, move.Reason, caller.Name, now));
        return ([.. certificates.Select(DeviceRecords.Entry)], keys, [.. certificates.Select(row => row.IssuerKeyId).Concat(issuers).Distinct()]);
    }

    private static Device Require(AcmeContext context, DeviceId id, IfMatch condition)
    {
        var device = context.Devices.FirstOrDefault(device => device.Id == id) ?? throw DeviceRecords.NotFound();
        condition.Check(device.Version);
        return device;
    }

    private static void RequireFree(AcmeContext context, IEnumerable<DeviceKey> keys)
    {
        foreach (var key in keys)
        {
            if (context.Match([key]).Device is { } owner)
            {
                throw Problems.Malformed("device-identifier-taken", $"identifiers: {key} belongs to device {owner.Id}", StatusCodes.Status409Conflict);
            }
        }
    }

    private static DeviceDescription Description(DeviceWords words)
    {
        if (words.Groups?.Contains(null) == true || words.Attributes?.Values.Contains(null) == true)
        {
            throw Problems.Malformed("device-malformed", "groups, attributes: expected text, found null");
        }

        var description = new DeviceDescription { Label = words.Label, Owner = words.Owner, Groups = words.Groups, Attributes = words.Attributes };
        RequireNone(description.Mistakes());
        return description;
    }

    private static List<DeviceKey> Keys(string field, IReadOnlyDictionary<string, IReadOnlyList<string>>? identifiers)
    {
        if (identifiers?.Values.Any(values => values is null || values.Contains(null)) == true)
        {
            throw Problems.Malformed("device-malformed", $"{field}: expected lists of text, found null");
        }

        var keys = (identifiers ?? new Dictionary<string, IReadOnlyList<string>>()).SelectMany(kind => kind.Value.Select(value => new DeviceKey(kind.Key, value))).Distinct().ToList();
        RequireNone(keys.Select(key => key.Mistake()).OfType<string>().Select(mistake => $"{field}: {mistake}"));
        return keys;
    }

    private static void RequireNone(IEnumerable<string> mistakes)
    {
        var all = mistakes.ToList();
        if (all.Count > 0)
        {
            throw Problems.Malformed("device-malformed", string.Join("; ", all));
        }
    }
}
