using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using Microsoft.AspNetCore.Http.Features;

namespace DeviceAcme.Server.Admin;

/// <summary>Who comes in on the admin listener, and as far as where.</summary>
internal static class AdminAccess
{
    /// <summary>What stands for a caller who is not known.</summary>
    public const string Nobody = "unauthenticated";

    private const string Scheme = "Bearer ";

    /// <summary>Nobody gets in without a credential, also where there is no route. Every refusal behind it is in the audit log.</summary>
    public static void UseAdminCaller(this IApplicationBuilder app)
    {
        app.UseMiddleware<AdminRefusals>();
        app.Use(async (context, next) =>
        {
            context.Features.Set(await Identify(context));
            await next(context);
        });
    }

    /// <summary>Behind the choice of the route: what its metadata says of who may call it.</summary>
    public static void UseAdminRoles(this IApplicationBuilder app) =>
        app.Use((context, next) =>
        {
            if (context.GetEndpoint() is RouteEndpoint route)
            {
                Require(context.Caller(), route.Metadata.GetMetadata<AllowedTo>());
            }

            return next(context);
        });

    /// <summary>Who asks.</summary>
    public static AdminCaller Caller(this HttpContext context) => context.Features.GetRequiredFeature<AdminCaller>();

    private static void Require(AdminCaller caller, AllowedTo? allowed)
    {
        if (allowed is null)
        {
            throw Problems.Unauthorized("route-closed", "path: nobody may call this");
        }

        if ((caller.Roles & allowed.Roles) == AdminRoles.None)
        {
            throw Problems.Unauthorized(
                "role-insufficient", $"roles: this is for {string.Join(", ", AdminRoleNames.Of(allowed.Roles))}; {caller.Name} is {string.Join(", ", AdminRoleNames.Of(caller.Roles))}");
        }

        if (caller.IsLimited && allowed.Limited == LimitedCallers.Refused)
        {
            throw Problems.Unauthorized("limited-to-profiles", $"profiles: this concerns the whole server; {caller.Name} is limited to {string.Join(", ", caller.Profiles!)}");
        }
    }

    private static async Task<AdminCaller> Identify(HttpContext context)
    {
        var services = context.RequestServices;
        var certificate = context.Connection.ClientCertificate;
        var found = Bearer(context.Request) switch
        {
            null when certificate is not null => await services.GetRequiredService<ClientCertificates>().Identify(certificate, context.RequestAborted),
            null => Identification.Refused("admin-token-missing", $"Authorization: expected 'Bearer' and a token of this server; its own machine has one in the data directory's {RunningServer.TokenFileName}"),
            var token when services.GetRequiredService<LocalToken>().Is(token) => Identification.Of(AdminCaller.Local),
            var token when OidcTokens.Looks(token) => await services.GetRequiredService<OidcTokens>().Identify(token, context.RequestAborted),
            var token => await services.GetRequiredService<ApiTokens>().Identify(token, context.RequestAborted),
        };
        if (found is { Reason: null, Caller: { } caller })
        {
            return caller;
        }

        var failure = services.GetRequiredService<FailedLogins>().Add(context.Connection.RemoteIpAddress);
        context.Features.Set(new RefusedCaller(found.Caller?.Name ?? Nobody, failure.Recorded));
        if (failure.TooMany)
        {
            throw Problems.RateLimited(
                "admin-failures-too-many", "Authorization: too many failures within a minute; those that follow are not written down", (int)Math.Ceiling(failure.Wait.TotalSeconds));
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        throw Problems.Unauthorized(found.Reason!, found.Detail!, StatusCodes.Status401Unauthorized);
    }

    private static string? Bearer(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && authorization.Length > Scheme.Length ? authorization[Scheme.Length..] : null;
    }
}

/// <summary>Whose credential was refused, and whether the audit log is told.</summary>
internal sealed record RefusedCaller(string Name, bool Recorded);
