using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Admin;

/// <summary>Registers accounts for keys that are known beforehand: each with a ticket that it has used, which says what it may order and until when.</summary>
internal sealed class Registrations(AcmeDb db, ProfileVersions profiles, ServerOptions options, TimeProvider time)
{
    private const int LongestKey = 16 * 1024;

    public async Task<RegisteredAccount> Add(NewRegistration wanted, AdminCaller caller, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var request = new NewTicketRequest
        {
            Profile = wanted.Profile ?? throw Problems.Malformed("profile-unknown", "profile: expected the name of one"),
            Note = wanted.Note,
            Device = wanted.Device,
            Allowed = wanted.Allowed,
            Attributes = wanted.Attributes,
            RegistrationEndsIn = wanted.RegistrationEndsIn,
        };
        TicketWishes.Check(request, profiles, caller);
        var contact = wanted.Contact ?? [];
        ContactRules.Check(contact);
        var key = Read(wanted.Key);
        return await db.Commit(
            context =>
            {
                if (context.Accounts.FirstOrDefault(account => account.Profile == wanted.Profile && account.Directory == "" && account.Thumbprint == key.Thumbprint) is { } other)
                {
                    throw Problems.Malformed("key-in-use", $"key: account {other.Id} of this directory has this key", StatusCodes.Status409Conflict);
                }

                var (account, created, ticket, registered) = Ticket.RegisterAccount(TicketWishes.Read(context, request, now), key.Thumbprint, key.ToJson(), contact, caller.Name, now);
                context.Tickets.Add(ticket);
                context.Accounts.Add(account);
                context.Record(registered);
                context.Record(created);
                return new RegisteredAccount
                {
                    Id = account.Id.Value,
                    Url = $"{options.BaseUrl}/acme/{account.Profile}/account/{account.Id}",
                    Thumbprint = account.Thumbprint,
                    Ticket = Tickets.Entry(ticket, now),
                };
            },
            cancellation);
    }

    private static Jwk Read(string? text)
    {
        if (text is not { Length: > 0 and <= LongestKey })
        {
            throw Problems.Malformed("key-malformed", $"key: expected a JWK or PEM of at most {LongestKey} characters");
        }

        if (text.TrimStart().StartsWith('{'))
        {
            return Jwk.Parse(StrictJson.ParseObject(Encoding.UTF8.GetBytes(text), "key"), "key");
        }

        if (!PemEncoding.TryFind(text, out var fields) || !text.AsSpan()[fields.Label].SequenceEqual("PUBLIC KEY"))
        {
            throw Problems.Malformed("key-malformed", "key: expected a JWK, or PEM with the label PUBLIC KEY; a private key stays with its owner");
        }

        return Jwk.FromSpki(Convert.FromBase64String(text[fields.Base64Data]));
    }
}
