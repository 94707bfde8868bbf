using DeviceAcme.Core.Audit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace DeviceAcme.Server.Storage;

/// <summary>Adds rows by the thousand: one prepared statement from the same mapping, without following each row as an entity.</summary>
internal static class ManyRows
{
    /// <summary>Inserts at once, in the transaction of the writer's context.</summary>
    public static void AddMany<T>(this AcmeContext context, IReadOnlyCollection<T> rows)
        where T : class
    {
        if (rows.Count == 0)
        {
            return;
        }

        var type = context.Model.FindEntityType(typeof(T))!;
        var columns = type.GetProperties().Select(property => Column(property, StoreObjectIdentifier.Table(type.GetTableName()!))).ToList();
        using var command = context.Database.GetDbConnection().CreateCommand();
        command.Transaction = context.Database.CurrentTransaction!.GetDbTransaction();
        // names of tables and columns are those of the mapping
        command.CommandText = $"INSERT INTO {type.GetTableName()} ({string.Join(", ", columns.Select(column => column.Name))}) VALUES ({string.Join(", ", columns.Select(column => "$" + column.Name))})";
        var parameters = columns.Select(column =>
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "$" + column.Name;
            command.Parameters.Add(parameter);
            return parameter;
        }).ToList();
        foreach (var row in rows)
        {
            for (var i = 0; i < columns.Count; i++)
            {
                parameters[i].Value = columns[i].Read(row) ?? DBNull.Value;
            }

            command.ExecuteNonQuery();
        }
    }

    /// <summary>Writes what happened into the history, by the thousand; in a change that records nothing by <see cref="OrderQueries.Record"/>, which would come behind it.</summary>
    public static void RecordMany(this AcmeContext context, IReadOnlyCollection<AuditEvent> happened)
    {
        foreach (var one in happened)
        {
            one.Number(context.Chain!.Next());
            context.Chain.Add(one);
        }

        context.AddMany(happened);
    }

    private static (string Name, Func<object, object?> Read) Column(IProperty property, StoreObjectIdentifier table)
    {
        var (member, converter) = (property.PropertyInfo!, property.GetTypeMapping().Converter);
        return (property.GetColumnName(table)!, row => member.GetValue(row) is not { } value ? null : converter is null ? value : converter.ConvertToProvider(value));
    }
}
