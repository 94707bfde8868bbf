using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Admin;

/// <summary>Writes refusals into the audit log: each one of a change, and of a question those that say "not you".</summary>
/// <remarks>A question that is asked wrongly or finds nothing is no refusal.</remarks>
internal sealed class AdminRefusals(RequestDelegate next, AcmeDb db, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (ProblemException refusal) when (IsOfInterest(context.Request, refusal.Problem.Status) && context.Features.Get<RefusedCaller>()?.Recorded != false)
        {
            // not handled here: written down, and answered where every refusal is
            await db.Commit(store => store.Record(Event(context, refusal.Problem)), CancellationToken.None);
            throw;
        }
    }

    private static bool IsOfInterest(HttpRequest request, int? status) =>
        status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method));

    private AuditEvent Event(HttpContext context, Problem problem)
    {
        var actor = context.Features.Get<AdminCaller>()?.Name ?? context.Features.Get<RefusedCaller>()?.Name ?? AdminAccess.Nobody;
        return new AuditEvent
        {
            At = time.GetUtcNow(),
            Kind = "admin.refused",
            Actor = actor,
            Reason = problem.Reason,
            Detail = $"{Shown(context.Request.Method)} {Shown(context.Request.Path)} from {context.Connection.RemoteIpAddress?.ToString() ?? "here"}: {problem.Status} {problem.Detail}",
        };
    }

    // what a client sends without a token must not fill the log
    private static string Shown(string? text) => text is { Length: > 200 } ? text[..200] + "…" : text ?? "";
}
