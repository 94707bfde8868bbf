using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Refusals;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>Writes refusals of clients into the audit log, with whom and what they are about.</summary>
internal sealed class AcmeRefusals(RequestDelegate next, RefusalRecords records, ProfileCatalog profiles, TimeProvider time)
{
    private const int LongestIdentifier = 200;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (ProblemException refusal) when (refusal.Problem.Status != StatusCodes.Status503ServiceUnavailable && context.GetEndpoint()?.Metadata.GetMetadata<RefusedAs>() is not null && context.Features.Get<AcmeRequest>() is not { RefusalIsKept: true })
        {
            // not handled here: written down, and answered where every refusal is
            foreach (var problem in TicketDirectories.IsUnknown(context, refusal.Problem) ? [refusal.Problem] : AuditedRefusals.Of(refusal.Problem).ToArray())
            {
                await Write(context, problem);
            }

            throw;
        }
    }

    private Task Write(HttpContext context, Problem problem)
    {
        var now = time.GetUtcNow();
        var request = context.Features.Get<AcmeRequest>();
        var profile = request?.Subject.Profile.Name ?? (context.GetRouteValue("profile") is string name ? profiles.Find(name)?.Name : profiles.Default.Name);
        var kind = new RefusalKind(context.GetEndpoint()!.Metadata.GetMetadata<RefusedAs>()!.Kind, problem.Reason, profile);
        var detail = Detail(context, problem, request);
        return records.Write(kind, now, store => new AuditEvent
        {
            At = now,
            Kind = kind.Kind,
            Profile = kind.Profile,
            Account = request?.SigningAccount?.Id,
            Device = request is null ? null : DeviceOf(store, request, problem.Identifier),
            Reason = kind.Reason,
            Detail = detail,
        });
    }

    // whoever has no account is known by key and address alone
    private static string Detail(HttpContext context, Problem problem, AcmeRequest? request)
    {
        var about = (problem.Identifier, request?.Subject.Identifiers) switch
        {
            ({ } refused, _) => Shown(refused),
            (_, [var only]) => Shown(only),
            (_, { Count: > 1 and var all } names) => $"{Shown(names[0])} and {all - 1} more",
            _ => context.GetRouteValue("id") is null ? null : Cut(context.Request.Path.Value!),
        };
        var who = request is { SigningAccount: not null } ? null
            : $"{(request is null ? "" : $"key {request.Key.Thumbprint}, ")}from {context.Connection.RemoteIpAddress?.ToString() ?? "here"}";
        return string.Join("; ", new[] { about is null ? problem.Detail : $"{about}: {problem.Detail}", who }.OfType<string>());
    }

    /// <summary>The one device of the ledger that was asked for; else that of the ticket that the account came of.</summary>
    private static DeviceId? DeviceOf(AcmeContext context, AcmeRequest request, AcmeIdentifier? refused)
    {
        var subject = request.Subject;
        if (subject.Device is not null)
        {
            return subject.Device;
        }

        IEnumerable<AcmeIdentifier> asked = refused is { } one ? [one] : subject.Identifiers;
        var named = asked
            .Where(identifier => identifier.Type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule)
            // U+0000 is in no identifier that the ledger takes, and PostgreSQL cannot even be asked for it
            .Where(identifier => !identifier.Value.Contains('\0'))
            .SelectMany(identifier => subject.Profile.IsByTicket(identifier)
                ? new[] { context.TicketByCode(identifier.Value)?.Device }.OfType<DeviceId>()
                : context.Match(subject.Profile.KeysOf(identifier)).Devices.Select(device => device.Id))
            .Distinct().Take(2).ToList();
        return named switch
        {
            [var device] => device,
            [] when request.SigningAccount is { } account => context.TicketOf(account.Id)?.Device,
            [] => request.Ticket?.Device,
            _ => null,
        };
    }

    private static string Shown(AcmeIdentifier identifier) => Cut(identifier.ToString());

    // what a client sends must neither fill the log nor draw on the terminal of whoever reads it
    private static string Cut(string text) =>
        string.Concat(text.Take(LongestIdentifier).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '\uFFFD' : letter)) + (text.Length > LongestIdentifier ? "…" : "");
}
